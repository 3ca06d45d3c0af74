import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

const BARE_ERROR = "Throw a SettlementGuardError: it has a code, and the values that disagreed.";

export default tseslint.config(
  {
    ignores: ["node_modules", "artifacts", "cache", "dist", "typechain-types", "reports", "coverage", "test/consumer"],
  },
  eslint.configs.recommended,
  ...tseslint.configs.strict,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
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
  // Chai's assertions are expressions: expect(x).to.be.true
  {
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off", "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    files: ["**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: "readonly", console: "readonly" } },
  },
);
