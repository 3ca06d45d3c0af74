/** A bug put into the verifier: every occurrence of `from` in `file` becomes `to`. */
export interface Mutant {
  readonly name: string;
  /** The attack that it would let through, as in the attack catalogue; "own" where it was a bug of ours. */
  readonly attack: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const WALK = "contracts/proof/TrieWalk.sol";
const STATE = "contracts/proof/StateProof.sol";
const WITNESS = "contracts/proof/StateWitness.sol";

export const MUTANTS: readonly Mutant[] = [
  { name: "truncation is absence", attack: "M1", file: WALK, from: "case 0 { outcome_ := 3 }", to: "case 0 { outcome_ := 0x21 }" },
  { name: "a list that ends early is absence", attack: "M1", file: STATE, from: "outcome = uint256(ProofReason.Truncated);\n        if (root", to: "outcome = ABSENT;\n        if (root" },
  { name: "zero root is not refused", attack: "M6", file: WALK, from: "if (root == 0) return uint256(ProofReason.ZeroRoot);", to: "" },
  { name: "any root is an empty trie", attack: "M2", file: WALK, from: "if (root == EMPTY_ROOT) return ABSENT;", to: "if (walk.cursor == walk.end) return ABSENT;" },
  { name: "inner nodes are not hashed", attack: "M7", file: WALK, from: "if xor(keccak256(buffer, length), expected) {", to: "if and(xor(keccak256(buffer, length), expected), iszero(depth)) {" },
  { name: "full branches are not hashed", attack: "M7", file: WALK, from: "if or(xor(keccak256(buffer, 0x214), hash), xor(byte(3,", to: "if or(0, xor(byte(3," },
  { name: "full branches are not hashed, slowly", attack: "M7", file: WALK, from: "if xor(keccak256(buffer, 0x214), expected) {", to: "if 0 {" },
  { name: "other branches are not hashed, in a hurry", attack: "M7", file: WALK, from: "if or(xor(keccak256(buffer, sub(end, at)), hash), xor(and(", to: "if or(0, xor(and(" },
  { name: "account leaves are not hashed", attack: "M7", file: STATE, from: "or(xor(keccak256(buffer, size), expected), xor(and(shr(232", to: "or(0, xor(and(shr(232" },
  { name: "storage leaves are not hashed", attack: "M7", file: STATE, from: "malformed := or(malformed, xor(keccak256(buffer, size), expected))", to: "" },
  { name: "bytes behind the last storage node", attack: "M8", file: STATE, from: "if (outcome != 0 && next == end)", to: "if (outcome != 0 && next <= end)" },
  { name: "bytes behind the walk, slowly", attack: "M8", file: STATE, from: "if (outcome >= PRESENT && next != end) return", to: "if (outcome >= PRESENT && next > end) return" },
  { name: "nodes behind an absent account", attack: "M8", file: STATE, from: "} else if (outcome == ABSENT && cursor != end) {", to: "} else if (false) {" },
  { name: "nodes behind the end of a list", attack: "M8", file: STATE, from: "if (outcome >= PRESENT && i != proof.length)", to: "if (false)" },
  { name: "two nodes in one element", attack: "M8", file: STATE, from: "if (size < node.length) return", to: "if (false) return" },
  { name: "bytes behind a witness of many slots", attack: "M8", file: WITNESS, from: "outcome = walk.cursor == walk.end\n", to: "outcome = walk.cursor <= walk.end\n" },
  { name: "extensions are followed whatever their path", attack: "M10", file: WALK, from: "if key { outcome_ := 0x21 }", to: "" },
  { name: "leaf told by length, not by flag", attack: "M11", file: WALK, from: "if and(flag, 0x20) {", to: "if eq(add(depth, nibbles), 64) {" },
  { name: "path flags above 3", attack: "M12", file: WALK, from: "if or(gt(flag, 0x3f), and(", to: "if or(gt(flag, 0xff), and(" },
  { name: "dirty pads", attack: "M12", file: WALK, from: "and(iszero(odd), iszero(iszero(and(flag, 0x0f))))", to: "0" },
  { name: "any flag, in a hurry to a slot", attack: "M12", file: STATE, from: "or(xor(byte(1, head), add(0x80, bytes_)), shr(bits, path))", to: "xor(byte(1, head), add(0x80, bytes_))" },
  { name: "any flag, in a hurry to an account", attack: "M12", file: STATE, from: "add(0xb800f7fe, mul(length, 0x10001))), shr(bits, path))", to: "add(0xb800f7fe, mul(length, 0x10001))), 0)" },
  { name: "empty extensions", attack: "M14", file: WALK, from: "if iszero(nibbles) {", to: "if 0 {" },
  { name: "extension to nothing is absence", attack: "M15", file: WALK, from: "if iszero(or(eq(marker, 0xa0), and(gt(marker, 0xbf), lt(marker, 0xdf)))) {", to: "if iszero(or(or(eq(marker, 0xa0), eq(marker, 0x80)), and(gt(marker, 0xbf), lt(marker, 0xdf)))) {" },
  { name: "extension to a leaf or an extension", attack: "M15", file: WALK, from: "if and(depth, 0x100) {", to: "if 0 {" },
  { name: "branches of one child", attack: "M15", file: WALK, from: "gt(children, 1)", to: "gt(children, 0)" },
  { name: "embedded nodes are refused", attack: "M16", file: WALK, from: "if or(lt(kind, 0xc0), gt(kind, 0xde)) {", to: "if 1 {" },
  { name: "a child of 31 bytes is a hash", attack: "M18", file: WALK, from: "if eq(kind, 0xa0) {", to: "if or(eq(kind, 0xa0), eq(kind, 0x9f)) {" },
  { name: "a list of 32 bytes is a hash", attack: "M19", file: WALK, from: "if eq(kind, 0xa0) {", to: "if or(eq(kind, 0xa0), eq(kind, 0xdf)) {" },
  { name: "child markers in a hurry through full branches", attack: "M19", file: WALK, from: "xor(keccak256(buffer, 0x214), hash), xor(byte(3, calldataload(child)), 0xa0))", to: "xor(keccak256(buffer, 0x214), hash), 0)" },
  { name: "child markers in full branches", attack: "M19", file: WALK, from: "if xor(byte(3, calldataload(child)), 0xa0) {", to: "if 0 {" },
  { name: "child markers in a hurry through other branches", attack: "M20", file: WALK, from: "if or(xor(and(calldataload(p), 0xff), 0xa0), iszero(", to: "if or(eq(and(calldataload(p), 0xff), 0x80), iszero(" },
  { name: "embedded nodes of 32 bytes and more", attack: "M21", file: WALK, from: "gt(kind, 0xde)", to: "gt(kind, 0xf7)" },
  { name: "short nodes with a hash", attack: "M22", file: WALK, from: "if lt(length, 32) {", to: "if 0 {" },
  { name: "short roots are refused", attack: "M23", file: WALK, from: "                            if depth {\n", to: "                            if 1 {\n" },
  { name: "branches of any number of items", attack: "M24", file: WALK, from: "valid := and(eq(add(p, 32), nodeEnd), gt(children, 1))", to: "valid := gt(children, 1)" },
  { name: "a path of 32 bytes is a child", attack: "M24", file: WALK, from: "if lt(and(depth, 0xff), 3) {", to: "if 0 {" },
  { name: "a path of 32 bytes is a child, in a hurry", attack: "M24", file: WALK, from: "if eq(add(add(p, 64), size), end) { leave }", to: "" },
  { name: "items behind the second", attack: "M24", file: WALK, from: "if sub(valueEnd, nodeEnd) {", to: "if gt(valueEnd, nodeEnd) {" },
  { name: "empty values", attack: "M26", file: WALK, from: "or(eq(marker, 0x80), and(eq(marker, 0x81)", to: "or(0, and(eq(marker, 0x81)" },
  { name: "values in branches", attack: "M27", file: WALK, from: "if xor(and(calldataload(sub(nodeEnd, 32)), 0xff), 0x80) { leave }", to: "" },
  { name: "values in branches, in a hurry", attack: "M27", file: WALK, from: "hash), xor(and(calldataload(sub(end, 32)), 0xff), 0x80)) {", to: "hash), 0) {" },
  { name: "branches below the key's end", attack: "M27", file: WALK, from: "                            if gt(depth, 64) {\n", to: "                            if gt(depth, 66) {\n" },
  { name: "leaves at any depth", attack: "M28", file: WALK, from: "if sub(add(depth, nibbles), 64) {", to: "if 0 {" },
  { name: "extensions beyond the key", attack: "M28", file: WALK, from: "if gt(add(depth, nibbles), 63) {", to: "if gt(add(depth, nibbles), 64) {" },
  { name: "a leaf that holds all of the key, in a hurry", attack: "own", file: STATE, from: "gt(sub(bytes_, 2), 30)", to: "0" },
  { name: "slots are not hashed", attack: "M30", file: STATE, from: "key := keccak256(0x00, 0x20)", to: "key := slot" },
  { name: "addresses are hashed as words", attack: "M30", file: STATE, from: "mstore(0x00, shl(96, account))\n            key := keccak256(0x00, 0x14)", to: "mstore(0x00, account)\n            key := keccak256(0x00, 0x20)" },
  { name: "another slot's leaf is this slot's", attack: "M32", file: STATE, from: "outcome := mul(add(0x20, iszero(iszero(path))), iszero(malformed))\n            value", to: "outcome := mul(0x20, iszero(malformed))\n            value" },
  { name: "another account's leaf is this account's", attack: "M32", file: STATE, from: "outcome := mul(add(0x20, iszero(iszero(path))), iszero(malformed))\n        }", to: "outcome := mul(0x20, iszero(malformed))\n        }" },
  { name: "the walk goes on in the code hash", attack: "M34", file: STATE, from: "storageRoot := calldataload(add(hashes, 1))", to: "storageRoot := calldataload(add(hashes, 34))" },
  { name: "absent accounts have storage", attack: "M36", file: STATE, from: "accountStatus = ProofStatus.Absent;\n        if (outcome == PRESENT) {", to: "accountStatus = ProofStatus.Present;\n        if (outcome == PRESENT) {" },
  { name: "proofs of any size", attack: "M40", file: STATE, from: "if (witness.length > 2 * TrieWalk.MAX_PROOF_BYTES) {", to: "if (false) {" },
  { name: "long form of short lists", attack: "R1", file: WALK, from: "if or(lt(size, add(56, mul(200, sub(header, 2)))), gt(size, 529)) {", to: "if gt(size, 529) {" },
  { name: "long form of short values", attack: "R1", file: WALK, from: "and(eq(marker, 0xb8), lt(sub(valueEnd, child), 56))", to: "0" },
  { name: "prefix before a single byte", attack: "R3", file: WALK, from: "and(eq(marker, 0x81), lt(byte(0, calldataload(child)), 0x80))", to: "0" },
  { name: "bytes behind an integer", attack: "R4", file: STATE, from: "|| value == 0 || next != end", to: "|| value == 0" },
  { name: "values that are not decoded", attack: "R11", file: STATE, from: "xor(byte(1, head), sub(marker, 1))", to: "0" },
  { name: "zero slots", attack: "R12", file: STATE, from: "malformed := or(malformed, or(iszero(marker), xor(add(item, 1), next)))", to: "malformed := or(malformed, xor(add(item, 1), next))" },
  { name: "leading zeros in slots", attack: "R9", file: STATE, from: "lt(byte(2, head), shl(mul(7, eq(marker, 0x82)), 1))", to: "0" },
  { name: "leading zeros in accounts", attack: "R9", file: STATE, from: "or(gt(sub(marker, 0x80), width), lt(byte(1, first), shl(mul(7, eq(marker, 0x81)), gt(marker, 0x80))))", to: "gt(sub(marker, 0x80), width)" },
  { name: "any number of fields", attack: "R13", file: STATE, from: "xor(skip(skip(add(value, 4), 8), 32), hashes)", to: "gt(skip(skip(add(value, 4), 8), 32), hashes)" },
  { name: "any number of fields, slowly", attack: "R13", file: STATE, from: "eq(skip(skip(add(start, 2), 8), 32), sub(end, 66))", to: "lt(skip(skip(add(start, 2), 8), 32), sub(end, 65))" },
  { name: "hashes of any width", attack: "R14", file: STATE, from: "or(xor(byte(0, calldataload(hashes)), 0xa0), xor(byte(0, calldataload(add(hashes, 33))), 0xa0))", to: "0" },
  { name: "nonces of any width", attack: "R15", file: STATE, from: "skip(skip(add(value, 4), 8), 32)", to: "skip(skip(add(value, 4), 32), 32)" },
  { name: "nonces of any width, slowly", attack: "R15", file: STATE, from: "skip(skip(add(start, 2), 8), 32)", to: "skip(skip(add(start, 2), 32), 32)" },
  { name: "storage root and code hash swapped", attack: "R16", file: STATE, from: "storageRoot := calldataload(sub(end, 65))", to: "storageRoot := calldataload(sub(end, 32))" },
  { name: "a zero hash is an authenticated node", attack: "own", file: WALK, from: "                    if iszero(mload(add(w, 0xa0))) {\n", to: "                    if expected {\n" },
  { name: "a node is taken up again on another key's way", attack: "own", file: WITNESS, from: "if iszero(shr(sub(256, shl(2, depth)), parted)) { break }", to: "break" },
  { name: "a run of branches is taken up again at its end", attack: "own", file: WITNESS, from: "if shr(sub(256, shl(2, add(depth, used))), parted) { break }", to: "" },
  { name: "slots in any order", attack: "own", file: WITNESS, from: "if (key <= previous) return", to: "if (false) return" },
];

/** The text of a source with a mutant put in. */
export function mutate(name: string): (path: string, text: string) => string {
  const mutant = MUTANTS.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new TypeError(`no mutant is called ${name}`);
  return (path, text) => (path === mutant.file ? text.replaceAll(mutant.from, mutant.to) : text);
}
