import { toBytes, toHex, toWord, type Hex } from "../bytes.js";
import { SettlementGuardError } from "../errors.js";
import { keccak256 } from "../keccak.js";
import { checkAnchor, type Anchor, type StateAnchor } from "./anchor.js";

/** One member of an EIP-712 struct. */
export interface TypedDataField {
  name: string;
  type: string;
}

/** EIP-712 struct types by name, as ethers and viem take them. */
export type TypedDataTypes = Readonly<Record<string, readonly TypedDataField[]>>;

/** An EIP-712 domain. A member that is left out is not part of the domain's type. */
export interface TypedDataDomain {
  name?: string;
  version?: string;
  chainId?: bigint | number;
  verifyingContract?: string;
  salt?: string;
}

/** The members of the contract's `Anchor`: `Anchor(uint64 number,bytes32 hash)`. */
export const ANCHOR_TYPE: readonly TypedDataField[] = [
  { name: "number", type: "uint64" },
  { name: "hash", type: "bytes32" },
];

/** The members of the contract's `StateAnchor`: `StateAnchor(uint64 number,bytes32 hash,bytes32 stateRoot)`. */
export const STATE_ANCHOR_TYPE: readonly TypedDataField[] = [...ANCHOR_TYPE, { name: "stateRoot", type: "bytes32" }];

/** How {@link withAnchor} adds the anchor. */
export interface WithAnchorOptions {
  /** The struct that is signed; needed only where the types leave a choice. */
  primaryType?: string;
  /** The name of the new member. */
  field?: string;
}

/** What is signed: `signer.signTypedData(domain, types, message)` in ethers, with `primaryType` beside them in viem. */
export interface AnchoredTypedData<Message> {
  types: Record<string, TypedDataField[]>;
  primaryType: string;
  message: Message & Record<string, unknown>;
}

/**
 * Binds an EIP-712 message to an anchor: the signed struct gets an `Anchor anchor` (or `StateAnchor anchor`) as its last member.
 * The arguments are not changed. An `EIP712Domain` among the types is left out of the result, as ethers wants it.
 *
 * @throws INVALID_TYPED_DATA where the member's or the type's name already means something else, or where it is not clear which
 * struct is signed; INVALID_ANCHOR, INVALID_HEX
 * @example
 * const { types, message } = withAnchor({ Order: [{ name: "size", type: "uint256" }] }, { size: 1n }, anchor);
 * const signature = await signer.signTypedData(domain, types, message);
 */
export function withAnchor<Message extends object>(
  types: TypedDataTypes,
  message: Message,
  anchor: Anchor | StateAnchor,
  options: WithAnchorOptions = {},
): AnchoredTypedData<Message> {
  checkAnchor(anchor);
  const { field = "anchor" } = options;
  const typeName = isStateAnchor(anchor) ? "StateAnchor" : "Anchor";
  const anchorType = isStateAnchor(anchor) ? STATE_ANCHOR_TYPE : ANCHOR_TYPE;
  const primaryType = options.primaryType ?? inferPrimaryType(types, typeName);
  const members = Object.hasOwn(types, primaryType) ? types[primaryType] : undefined;
  if (members === undefined) throw invalidTypedData(`there is no type ${primaryType}`);
  if (primaryType === typeName) throw invalidTypedData(`${typeName} is the anchor itself: use anchorDigest`);

  const sameName = Object.hasOwn(types, typeName) ? types[typeName] : undefined;
  if (sameName !== undefined && !sameFields(sameName, anchorType)) {
    throw invalidTypedData(`the type ${typeName} is defined already, with other members`);
  }
  const taken = members.find(({ name }) => name === field);
  if (taken !== undefined && taken.type !== typeName) {
    throw invalidTypedData(`${primaryType}.${field} is a ${taken.type} already: choose another field`);
  }
  const value = anchorValue(anchor);
  if (Object.hasOwn(message, field) && !sameValue((message as Record<string, unknown>)[field], value)) {
    throw invalidTypedData(`the message has another ${field} already`);
  }

  const copies = Object.entries(types)
    .filter(([name]) => name !== "EIP712Domain")
    .map(([name, fields]): [string, TypedDataField[]] => [name, fields.map((member) => ({ ...member }))]);
  const result: Record<string, TypedDataField[]> = Object.fromEntries(copies);
  result[typeName] = anchorType.map((member) => ({ ...member }));
  if (taken === undefined) result[primaryType]!.push({ name: field, type: typeName });
  return { types: result, primaryType, message: { ...message, [field]: value } };
}

/**
 * The EIP-712 struct hash of an anchor: the word that an order's struct hash holds in the anchor's place.
 *
 * @throws INVALID_ANCHOR, INVALID_HEX
 */
export function hashAnchor(anchor: Anchor): Hex {
  return toHex(structHash({ number: anchor.number, hash: anchor.hash }));
}

/**
 * The EIP-712 struct hash of a state anchor.
 *
 * @throws INVALID_ANCHOR, INVALID_HEX
 */
export function hashStateAnchor(anchor: StateAnchor): Hex {
  return toHex(structHash({ number: anchor.number, hash: anchor.hash, stateRoot: anchor.stateRoot }));
}

/**
 * The EIP-712 digest of an anchor signed on its own. A {@link StateAnchor} gives that of a `StateAnchor`.
 *
 * @throws INVALID_ANCHOR, INVALID_HEX, INVALID_TYPED_DATA
 */
export function anchorDigest(domain: TypedDataDomain, anchor: Anchor | StateAnchor): Hex {
  return toHex(keccak256(concat([Uint8Array.of(0x19, 0x01), domainSeparator(domain), structHash(anchor)])));
}

function structHash(anchor: Anchor | StateAnchor): Uint8Array {
  checkAnchor(anchor);
  const words = [toBytes(toWord(anchor.number), "number", 32), toBytes(anchor.hash, "hash", 32)];
  if (!isStateAnchor(anchor)) return hashStruct("Anchor", ANCHOR_TYPE, words);
  return hashStruct("StateAnchor", STATE_ANCHOR_TYPE, [...words, toBytes(anchor.stateRoot, "stateRoot", 32)]);
}

/** EIP-712's order of the domain's members is fixed: name, version, chainId, verifyingContract, salt. */
function domainSeparator({ name, version, chainId, verifyingContract, salt }: TypedDataDomain): Uint8Array {
  const members: TypedDataField[] = [];
  const words: Uint8Array[] = [];
  const add = (member: string, type: string, word: Uint8Array): void => {
    members.push({ name: member, type });
    words.push(word);
  };
  if (name !== undefined) add("name", "string", hashText(name));
  if (version !== undefined) add("version", "string", hashText(version));
  if (chainId !== undefined) add("chainId", "uint256", chainIdWord(chainId));
  if (verifyingContract !== undefined) {
    add(
      "verifyingContract",
      "address",
      concat([new Uint8Array(12), toBytes(verifyingContract, "verifyingContract", 20)]),
    );
  }
  if (salt !== undefined) add("salt", "bytes32", toBytes(salt, "salt", 32));
  return hashStruct("EIP712Domain", members, words);
}

function chainIdWord(chainId: bigint | number): Uint8Array {
  const whole = typeof chainId === "bigint" || Number.isSafeInteger(chainId);
  if (!whole || chainId < 0 || chainId >= 2n ** 256n) throw invalidTypedData(`${chainId} is not a chain id`);
  return toBytes(toWord(BigInt(chainId)), "chainId", 32);
}

function hashStruct(name: string, members: readonly TypedDataField[], words: readonly Uint8Array[]): Uint8Array {
  const type = `${name}(${members.map((member) => `${member.type} ${member.name}`).join(",")})`;
  return keccak256(concat([hashText(type), ...words]));
}

function hashText(text: string): Uint8Array {
  return keccak256(new TextEncoder().encode(text));
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** The one struct that no other struct refers to, the anchor's own type apart. */
function inferPrimaryType(types: TypedDataTypes, anchorType: string): string {
  const names = Object.keys(types).filter((name) => name !== "EIP712Domain" && name !== anchorType);
  const inner = new Set<string>();
  for (const name of names) {
    for (const { type } of types[name]!) {
      const base = type.replace(/\[.*$/, "");
      if (base !== name) inner.add(base);
    }
  }
  const outer = names.filter((name) => !inner.has(name));
  if (outer.length !== 1)
    throw invalidTypedData(`which of ${outer.join(", ") || "these types"} is signed? Give primaryType`);
  return outer[0]!;
}

function isStateAnchor(anchor: Anchor | StateAnchor): anchor is StateAnchor {
  return "stateRoot" in anchor;
}

function anchorValue(anchor: Anchor | StateAnchor): Record<string, unknown> {
  const { number, hash } = anchor;
  return isStateAnchor(anchor) ? { number, hash, stateRoot: anchor.stateRoot } : { number, hash };
}

function sameFields(a: readonly TypedDataField[], b: readonly TypedDataField[]): boolean {
  return a.length === b.length && a.every(({ name, type }, i) => name === b[i]?.name && type === b[i]?.type);
}

function sameValue(a: unknown, b: Record<string, unknown>): boolean {
  if (typeof a !== "object" || a === null) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => (a as Record<string, unknown>)[key] === b[key]);
}

function invalidTypedData(reason: string): SettlementGuardError<"INVALID_TYPED_DATA"> {
  return new SettlementGuardError("INVALID_TYPED_DATA", { reason }, `cannot add an anchor: ${reason}`);
}
