import { askInPlace, mutantsOf } from "../../tools/mutation.js";
import { shouldNoticeMutants } from "../mutants.behavior.js";

/** MUTANTS=1 npx hardhat test mocha test/policy/policyMutants.test.ts */
describe("mutants of the policy room", () => shouldNoticeMutants(mutantsOf("policy"), askInPlace));
