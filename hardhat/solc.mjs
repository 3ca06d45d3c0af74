/** The npm compiler, for Hardhat's `path`. */
import "./wasmTables.mjs";
import solc from "solc/soljson.js";

export default solc;
