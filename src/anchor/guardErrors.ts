import { toBytes, toHex, type Hex } from "../bytes.js";
import { keccak256 } from "../keccak.js";
import { ACTIONS, STATUSES } from "../policy/policy.js";
import { PROOF_REASONS } from "../proof/reasons.js";

/** The ABI types that occur in the guard's errors. All are static: one 32-byte word each. */
export type GuardErrorType = "uint8" | "uint64" | "uint256" | "bytes32" | "address";

export interface GuardErrorInput {
  name: string;
  type: GuardErrorType;
  /** What the value is, as it reads in a sentence. */
  meaning: string;
}

const number: GuardErrorInput = { name: "number", type: "uint64", meaning: "the anchor's block number" };
const head: GuardErrorInput = { name: "head", type: "uint64", meaning: "the block in which the check ran" };
const window: GuardErrorInput = {
  name: "window",
  type: "uint64",
  meaning: "how many blocks back the block-hash source answers",
};
const hash = (name: string, meaning: string): GuardErrorInput => ({ name, type: "bytes32", meaning });
const depth = (name: string, meaning: string): GuardErrorInput => ({ name, type: "uint64", meaning });

const scope = hash("scope", "the scope: what can be stopped separately, usually a market");

const slot = (believed: string): GuardErrorInput[] => [
  { name: "account", type: "address", meaning: "the account whose storage is read" },
  hash("slot", "the slot's position"),
  { name: "believed", type: "uint256", meaning: believed },
  { name: "actual", type: "uint256", meaning: "what the canonical state holds" },
];

/**
 * The errors of `contracts/interfaces/IGuardErrors.sol`, which documents each of them.
 *
 * An error means: retry, or prepare the action again; never cancel a user's order because of it.
 */
export const GUARD_ERRORS = {
  ZeroAnchorHash: [number],
  AnchorIsCurrentBlock: [number],
  AnchorInFuture: [number, head],
  AnchorTooShallow: [number, head, depth("minDepth", "the least depth accepted, in blocks")],
  AnchorTooDeep: [number, head, depth("maxDepth", "the greatest depth accepted, in blocks")],
  AnchorOutOfWindow: [number, head, window],
  AnchorHashUnknown: [number, head],
  AnchorMismatch: [
    number,
    hash("claimed", "the hash that the anchor claims"),
    hash("actual", "the hash of the executing chain's block"),
  ],
  HeaderHashMismatch: [number, hash("claimed", "the anchor's hash"), hash("actual", "the hash of the header's bytes")],
  HeaderNumberMismatch: [
    { name: "claimed", type: "uint64", meaning: "the anchor's block number" },
    { name: "actual", type: "uint64", meaning: "the number in the header" },
  ],
  HeaderMalformed: [{ name: "field", type: "uint8", meaning: "the field's position, 255 for the list itself" }],
  StateRootMismatch: [
    number,
    hash("claimed", "the state root that the anchor claims"),
    hash("actual", "the state root in the header"),
  ],
  HeaderChainLength: [
    depth("depth", "how far the anchor lies below the known block, in blocks"),
    { name: "headers", type: "uint256", meaning: "how many headers there are" },
  ],
  SlotBelow: slot("the least that the protocol believes to be there"),
  SlotAbove: slot("the most that the protocol believes to be there"),
  SlotDiffers: slot("what the protocol believes to be there"),
  StateProofInvalid: [
    hash("root", "the root of the trie"),
    hash("key", "the address or slot that was asked for"),
    { name: "reason", type: "uint8", meaning: "why the bytes prove nothing, as a position in `PROOF_REASONS`" },
  ],
  ActionDenied: [
    scope,
    { name: "action", type: "uint8", meaning: "the action, as a position in `ACTIONS`" },
    {
      name: "status",
      type: "uint8",
      meaning: "the worst status of the scope and its parents, as a position in `STATUSES`",
    },
  ],
  LiquidationDenied: [
    scope,
    {
      name: "status",
      type: "uint8",
      meaning: "the worst status of the scope and its parents, as a position in `STATUSES`",
    },
    { name: "worstHealth", type: "uint256", meaning: "the account's health in the view that is worst for it, in 1e18" },
    { name: "bestHealth", type: "uint256", meaning: "its health in the view that is best for it, in 1e18" },
  ],
  ScopeUnknown: [hash("scope", "the scope that has no configuration")],
  UnsupportedChain: [{ name: "chainId", type: "uint256", meaning: "the chain's id" }],
} as const satisfies { [name: string]: readonly GuardErrorInput[] };

export type GuardErrorName = keyof typeof GUARD_ERRORS;

/** The names of the guard's errors, in the order of the interface. */
export const GUARD_ERROR_NAMES = Object.keys(GUARD_ERRORS) as GuardErrorName[];

/** A guard error with its values by name: numbers as bigint, hashes as lower-case hexadecimal. */
export interface DecodedGuardError {
  name: GuardErrorName;
  values: Record<string, bigint | Hex>;
}

/** The first four bytes of an error's revert data. */
export function guardErrorSelector(name: GuardErrorName): Hex {
  return SELECTORS[name];
}

const SELECTORS = Object.fromEntries(
  GUARD_ERROR_NAMES.map((name) => [
    name,
    selector(
      name,
      GUARD_ERRORS[name].map((input) => input.type),
    ),
  ]),
) as Record<GuardErrorName, Hex>;
const NAMES = new Map(GUARD_ERROR_NAMES.map((name) => [SELECTORS[name] as string, name]));

/**
 * Whether revert data, or a bare selector, begins like a guard error.
 *
 * That alone proves nothing: any contract, a trader's wallet among them, can revert with these bytes. It counts only if the guard
 * also denies when asked again. Empty revert data is no guard error.
 */
export function isGuardError(selectorOrRevertData: string): boolean {
  return nameOf(selectorOrRevertData) !== undefined;
}

/**
 * Decodes a guard error's revert data, strictly: exactly one word for each value, and no bits outside of a value's type. Undefined
 * for everything that the guard cannot have produced.
 */
export function decodeGuardError(revertData: string): DecodedGuardError | undefined {
  const name = nameOf(revertData);
  if (name === undefined) return undefined;
  const inputs: readonly GuardErrorInput[] = GUARD_ERRORS[name];
  if (revertData.length !== 10 + 64 * inputs.length) return undefined;

  const values: Record<string, bigint | Hex> = {};
  for (const [i, input] of inputs.entries()) {
    const word: Hex = `0x${revertData.slice(10 + 64 * i, 74 + 64 * i).toLowerCase()}`;
    if (input.type === "bytes32") {
      values[input.name] = word;
      continue;
    }
    if (input.type === "address") {
      if (!/^0x0{24}/.test(word)) return undefined;
      values[input.name] = `0x${word.slice(26)}`;
      continue;
    }
    const value = BigInt(word);
    if (value >> BigInt(input.type.slice("uint".length)) !== 0n) return undefined;
    values[input.name] = value;
  }
  return { name, values };
}

/**
 * Says in a sentence what revert data means: for a guard error what disagreed, with the values; for anything else that it is not
 * a guard error, with the reason where it carries one.
 */
export function explain(revertData: string): string {
  const decoded = decodeGuardError(revertData);
  if (decoded !== undefined) return `${decoded.name}: ${sentence(decoded)}`;
  const name = nameOf(revertData);
  if (name !== undefined)
    return `Not a guard error: the data has the selector of ${name} and not its form (${revertData}).`;
  return `Not a guard error: ${other(revertData)}`;
}

function sentence({ name, values }: DecodedGuardError): string {
  const v = values as Record<string, bigint | string>;
  // A depth is head - number; the guard reports only anchors for which that is not negative here.
  const depthNow = typeof v["head"] === "bigint" && typeof v["number"] === "bigint" ? v["head"] - v["number"] : 0n;
  switch (name) {
    case "ZeroAnchorHash":
      return `the anchor at block ${v["number"]} has a zero hash, which never means that the check is skipped.`;
    case "AnchorIsCurrentBlock":
      return `the anchor names block ${v["number"]}, which is executing and has no hash yet.`;
    case "AnchorInFuture":
      return `the anchor names block ${v["number"]}, and the chain is at block ${v["head"]}.`;
    case "AnchorTooShallow":
      return `the anchor at block ${v["number"]} is ${depthNow} deep at block ${v["head"]}, and the least depth accepted is ${v["minDepth"]}.`;
    case "AnchorTooDeep":
      return `the anchor at block ${v["number"]} is ${depthNow} deep at block ${v["head"]}, and the greatest depth accepted is ${v["maxDepth"]}.`;
    case "AnchorOutOfWindow":
      return `the anchor at block ${v["number"]} is ${depthNow} deep at block ${v["head"]}, and the block-hash source answers for ${v["window"]}.`;
    case "AnchorHashUnknown":
      return `the block-hash source gave no hash for block ${v["number"]} at block ${v["head"]}, although it is inside its window.`;
    case "AnchorMismatch":
      return `the action was prepared on another branch: at block ${v["number"]} it claims ${v["claimed"]}, and the executing chain has ${v["actual"]}.`;
    case "HeaderHashMismatch":
      return `the header given for block ${v["number"]} hashes to ${v["actual"]}, and the anchor claims ${v["claimed"]}.`;
    case "HeaderNumberMismatch":
      return `the anchor names block ${v["claimed"]}, and the header is that of block ${v["actual"]}.`;
    case "HeaderMalformed":
      return v["field"] === 255n
        ? "the header is not a canonical RLP list of a block header's fields."
        : `field ${v["field"]} of the header is not canonical RLP of the right kind.`;
    case "StateRootMismatch":
      return `the anchor at block ${v["number"]} claims the state root ${v["claimed"]}, and its header has ${v["actual"]}.`;
    case "HeaderChainLength":
      return `a walk of ${v["depth"]} blocks takes one header more than that, and ${v["headers"]} were given.`;
    case "SlotBelow":
      return `the protocol believes that slot ${v["slot"]} of ${v["account"]} holds at least ${v["believed"]}, and the canonical state holds ${v["actual"]}.`;
    case "SlotAbove":
      return `the protocol believes that slot ${v["slot"]} of ${v["account"]} holds at most ${v["believed"]}, and the canonical state holds ${v["actual"]}.`;
    case "SlotDiffers":
      return `the protocol believes that slot ${v["slot"]} of ${v["account"]} holds ${v["believed"]}, and the canonical state holds ${v["actual"]}.`;
    case "StateProofInvalid":
      return `the proof of ${v["key"]} under ${v["root"]} proves nothing: reason ${v["reason"]}, ${PROOF_REASONS[Number(v["reason"])] ?? "unknown"}.`;
    case "ActionDenied":
      return `action ${v["action"]} (${ACTIONS[Number(v["action"])] ?? "unknown"}) is not open in scope ${v["scope"]}, whose status is ${v["status"]} (${STATUSES[Number(v["status"])] ?? "unknown"}).`;
    case "LiquidationDenied":
      return `an account with a health between ${v["worstHealth"]} and ${v["bestHealth"]} is not to be liquidated in scope ${v["scope"]} while its status is ${v["status"]} (${STATUSES[Number(v["status"])] ?? "unknown"}).`;
    case "ScopeUnknown":
      return `scope ${v["scope"]} has no configuration, and without a policy nothing is allowed.`;
    case "UnsupportedChain":
      return `chain ${v["chainId"]} needs a block-hash source of its own.`;
  }
}

// https://docs.soliditylang.org/en/latest/control-structures.html#panic-via-assert-and-error-via-require
const PANICS: { [code: string]: string } = {
  "1": "a failed assertion",
  "17": "an arithmetic overflow or underflow",
  "18": "a division by zero",
  "33": "a value that is not a member of its enum",
  "34": "a storage byte array that is not encoded correctly",
  "49": "a pop from an empty array",
  "50": "an array index out of bounds",
  "65": "too much memory",
  "81": "a call of an uninitialised function",
};

const ERROR_SELECTOR = selector("Error", ["string"]);
const PANIC_SELECTOR = selector("Panic", ["uint256"]);

function other(revertData: string): string {
  if (revertData === "0x") return "the revert carries no data.";
  if (!/^0x(?:[0-9a-f]{2})*$/i.test(revertData)) return `${JSON.stringify(revertData)} is not revert data.`;
  const start = revertData.slice(0, 10).toLowerCase();
  if (start === PANIC_SELECTOR && revertData.length === 74) {
    const code = BigInt(`0x${revertData.slice(10)}`);
    return `a panic, code ${code} (${PANICS[code.toString()] ?? "unknown"}).`;
  }
  if (start === ERROR_SELECTOR) {
    const reason = decodeString(toBytes(revertData, "revert data").subarray(4));
    if (reason !== undefined) return `it reverted with the reason ${JSON.stringify(reason)}.`;
  }
  return `an unknown error (${revertData}).`;
}

/** The ABI encoding of one string, or undefined if it is not one. */
function decodeString(data: Uint8Array): string | undefined {
  if (data.length < 64 || BigInt(toHex(data.subarray(0, 32))) !== 32n) return undefined;
  const length = BigInt(toHex(data.subarray(32, 64)));
  if (length > BigInt(data.length - 64)) return undefined;
  return new TextDecoder().decode(data.subarray(64, 64 + Number(length)));
}

function nameOf(revertData: string): GuardErrorName | undefined {
  if (!/^0x[0-9a-f]{8}(?:[0-9a-f]{2})*$/i.test(revertData)) return undefined;
  return NAMES.get(revertData.slice(0, 10).toLowerCase());
}

function selector(name: string, types: readonly string[]): Hex {
  return toHex(keccak256(new TextEncoder().encode(`${name}(${types.join(",")})`)).subarray(0, 4));
}
