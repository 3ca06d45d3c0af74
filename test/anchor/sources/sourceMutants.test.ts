import { askInCopy, mutantsOf } from "../../../tools/mutation.js";
import { shouldNoticeMutants } from "../../mutants.behavior.js";

/** MUTANTS=1 npx hardhat test mocha test/anchor/sources/sourceMutants.test.ts */
describe("mutants of sources and pins", () => shouldNoticeMutants(mutantsOf("anchor/sources"), askInCopy));
