import { askInPlace, mutantsOf } from "../../tools/mutation.js";
import { shouldNoticeMutants } from "../mutants.behavior.js";

/** MUTANTS=1 npx hardhat test mocha test/ledger/deskMutants.test.ts */
describe("mutants of the ledger's contracts", () => shouldNoticeMutants(mutantsOf("ledger"), askInPlace));
