import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

const BARE_ERROR = "Throw a SettlementGuardError, or a CliError: it has a code, and the values that disagreed.";

export default tseslint.config(
  {
    ignores: [
      "node_modules",
      "artifacts",
      "**/cache",
      "dist",
      "packages/*/dist",
      "typechain-types",
      "reports",
      "coverage",
      "e2e/*",
      "!e2e/clients",
    ],
  },
  eslint.configs.recommended,
  ...tseslint.configs.strict,
  {
    languageOptions: { parserOptions: { project: "tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-namespace": ["error", { allowDeclarations: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-invalid-void-type": "off",
      "no-restricted-syntax": [
        "error",
        { selector: "ThrowStatement > NewExpression[callee.name='Error']", message: BARE_ERROR },
        { selector: "NewExpression[callee.name='Error']", message: BARE_ERROR },
        { selector: "CallExpression[callee.name='Error']", message: BARE_ERROR },
      ],
    },
  },
  // With noUncheckedIndexedAccess an index that a loop bounds needs the assertion: it states the bound.
  { rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
  {
    files: ["{test,e2e}/**/*.ts"],
    rules: {
      // Chai's assertions are expressions: expect(x).to.be.true
      "@typescript-eslint/no-unused-expressions": "off",
      "@typescript-eslint/no-dynamic-delete": "off",
      // Tests throw what foreign code throws.
      "no-restricted-syntax": "off",
    },
  },
  {
    files: ["**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: "readonly", console: "readonly", WebAssembly: "readonly" } },
  },
);
