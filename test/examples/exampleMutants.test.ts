import { askInCopy, mutantsOf } from "../../tools/mutation.js";
import { shouldNoticeMutants } from "../mutants.behavior.js";

/** MUTANTS=1 npx hardhat test mocha test/examples/exampleMutants.test.ts */
describe("mutants of the examples", () => shouldNoticeMutants(mutantsOf("examples"), askInCopy));
