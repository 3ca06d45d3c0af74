import { sameHex, toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import { describeValue, oneLine } from "../core/text.js";
import { checkAnchor, type Anchor, type StateAnchor } from "./anchor.js";
import {
  attempt,
  baseOf,
  copyTypes,
  invalidTypedData,
  memberOf,
  reachedTypes,
  readStruct,
  type StructTypes,
  type TypedDataField,
  type TypedDataTypes,
} from "./typedMessage.js";

export type { TypedDataField, TypedDataTypes } from "./typedMessage.js";

/** An EIP-712 domain. A member that is left out is not part of the domain's type. */
export interface TypedDataDomain {
  readonly name?: string;
  readonly version?: string;
  readonly chainId?: bigint | number;
  readonly verifyingContract?: string;
  readonly salt?: string;
}

/** The members of the contract's `Anchor`: `Anchor(uint64 number,bytes32 hash)`. */
export const ANCHOR_TYPE: readonly TypedDataField[] = [
  { name: "number", type: "uint64" },
  { name: "hash", type: "bytes32" },
];

/** The members of the contract's `StateAnchor`: `StateAnchor(uint64 number,bytes32 hash,bytes32 stateRoot)`. */
export const STATE_ANCHOR_TYPE: readonly TypedDataField[] = [...ANCHOR_TYPE, { name: "stateRoot", type: "bytes32" }];

const ANCHOR_TYPES = { Anchor: ANCHOR_TYPE, StateAnchor: STATE_ANCHOR_TYPE };
type AnchorTypeName = keyof typeof ANCHOR_TYPES;

const DOMAIN_TYPE: readonly TypedDataField[] = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
  { name: "salt", type: "bytes32" },
];

/** What {@link withAnchor} binds to an anchor, and how. */
export interface WithAnchorOptions<Message extends object = object> {
  readonly types: TypedDataTypes;
  readonly message: Message;
  readonly anchor: Anchor | StateAnchor;
  /** The struct that is signed; needed only where the types leave a choice. */
  readonly primaryType?: string;
  /** The name of the new member; `anchor` without it. */
  readonly field?: string;
}

/** What is signed: `signer.signTypedData(domain, types, message)` in ethers, with `primaryType` beside them in viem. */
export interface AnchoredTypedData<Message> {
  readonly types: Record<string, TypedDataField[]>;
  readonly primaryType: string;
  readonly message: Message & Record<string, unknown>;
}

/** What {@link typedDataJson} takes: a domain, and what {@link withAnchor} returned. */
export interface TypedDataDefinition {
  /** Members that are undefined or null are not part of the domain. */
  readonly domain?: TypedDataDomain;
  readonly types: TypedDataTypes;
  /** The struct that is signed; needed only where the types leave a choice. */
  readonly primaryType?: string;
  readonly message: object;
}

/**
 * Binds an EIP-712 message to an anchor: the signed struct gets an `Anchor anchor` (or `StateAnchor anchor`) as its last member.
 *
 * Signing again leaves the first signature alive. A contract must remember an order by a key without the anchor and the age
 * (`MarginPerps.orderId`). Then at most one signed form takes effect.
 *
 * The result is what ethers and viem both sign, with the same digest. Its message is a plain object with exactly the members that
 * the types name, in their order. That includes structs and arrays of them. They are read from the message once: own members,
 * inherited ones, getters, names of an ethers `Result`. Other members of the message are not signed, and are left out. Values are
 * returned as given, but for bytes given as `Uint8Array` and addresses in capitals, which become lower-case hexadecimal.
 *
 * Types that the signed struct does not reach are left out, and so is an `EIP712Domain`. `uint` and `int` become `uint256` and
 * `int256`. The arguments are not changed.
 *
 * @throws INVALID_TYPED_DATA where a member is missing or does not fit its type, with its path (`Order.legs[1].size`)
 * @throws INVALID_TYPED_DATA where the member's or the type's name already means something else
 * @throws INVALID_TYPED_DATA where it is not clear which struct is signed, or a type cannot be signed
 * @throws INVALID_ANCHOR, INVALID_HEX
 * @example
 * ```ts
 * const types = { Order: [{ name: "size", type: "uint256" }] };
 * const signed = withAnchor({ types, message: { size: 1n }, anchor });
 * const signature = await signer.signTypedData(domain, signed.types, signed.message);
 * ```
 */
export function withAnchor<Message extends object>(unsigned: WithAnchorOptions<Message>): AnchoredTypedData<Message> {
  const { types, message, anchor, ...names } = Object(unsigned) as WithAnchorOptions<Message>;
  const value = plainAnchor(anchor);
  const anchorType = "stateRoot" in value ? "StateAnchor" : "Anchor";
  const structs = copyTypes(types);
  const { primaryType = inferPrimaryType(structs, anchorType), field = "anchor" } = names;
  addAnchorMember(structs, primaryType, field, anchorType);
  const given = memberOf(message, field);
  if (given !== undefined && !sameAnchor(given, value))
    throw invalidTypedData(`the message has another ${field} already`, `${primaryType}.${field}`);

  const reached = reachedTypes(structs, primaryType);
  const signed = readStruct(reached, primaryType, (member, path) =>
    member === field ? value : memberOf(message, member, path),
  );
  return { types: reached, primaryType, message: signed as Message & Record<string, unknown> };
}

/**
 * Typed data as JSON, which is what `eth_signTypedData_v4` takes. Its `EIP712Domain` has the domain's members in the order of EIP-712.
 * Bigints are decimal strings, and bytes are hexadecimal. The message is read and checked as by {@link withAnchor}.
 *
 * @throws INVALID_TYPED_DATA as {@link withAnchor}, and for a domain's member that EIP-712 does not know
 * @throws INVALID_TYPED_DATA where the types have an `EIP712Domain` of other members than the domain
 * @example
 * const json = typedDataJson({ domain, ...withAnchor({ types, message: order, anchor }) });
 * const signature = await wallet.request({ method: "eth_signTypedData_v4", params: [account, json] });
 */
export function typedDataJson(definition: TypedDataDefinition): string {
  const { domain = {}, types, message, ...named } = Object(definition) as TypedDataDefinition;
  const structs = copyTypes(types);
  const domainFields = domainFieldsOf(domain);
  const given = structs["EIP712Domain"];
  if (given !== undefined && !sameFields(given, domainFields))
    throw invalidTypedData("the type EIP712Domain has other members than the domain, or in another order");
  const { primaryType = inferPrimaryType(structs) } = named;
  const reached = reachedTypes(structs, primaryType);
  return JSON.stringify(
    {
      types: { EIP712Domain: domainFields, ...reached },
      primaryType,
      domain: readStruct({ domain: domainFields }, "domain", (member, path) => memberOf(domain, member, path)),
      message: readStruct(reached, primaryType, (member, path) => memberOf(message, member, path)),
    },
    (_, value: unknown) => (typeof value === "bigint" ? String(value) : value),
  );
}

/**
 * The EIP-712 struct hash of an anchor: the word that an order's struct hash holds in the anchor's place.
 *
 * @throws INVALID_ANCHOR, INVALID_HEX
 * @example
 * const structHash = keccak256(abi.encode(ORDER_TYPEHASH, size, hashAnchor(anchor)));
 */
export function hashAnchor(anchor: Anchor): Hex {
  return toHex(structHash(membersOf(anchor, ANCHOR_TYPE) as unknown as Anchor));
}

/**
 * The EIP-712 struct hash of a state anchor.
 *
 * @throws INVALID_ANCHOR, INVALID_HEX
 * @example
 * const word = hashStateAnchor({ number, hash, stateRoot });
 */
export function hashStateAnchor(anchor: StateAnchor): Hex {
  return toHex(structHash(membersOf(anchor, STATE_ANCHOR_TYPE) as unknown as StateAnchor));
}

/**
 * The EIP-712 digest of an anchor signed on its own. A {@link StateAnchor} gives that of a `StateAnchor`.
 *
 * @throws INVALID_ANCHOR, INVALID_HEX, INVALID_TYPED_DATA
 * @example
 * const digest = anchorDigest({ name: "Perps", version: "1", chainId: 1, verifyingContract }, anchor);
 */
export function anchorDigest(domain: TypedDataDomain, anchor: Anchor | StateAnchor): Hex {
  return toHex(keccak256(concat([Uint8Array.of(0x19, 0x01), domainSeparator(domain), structHash(anchor)])));
}

function structHash(anchor: Anchor | StateAnchor): Uint8Array {
  const { number, hash, stateRoot } = plainAnchor(anchor);
  const words = [toBytes(toWord(number), "number", 32), toBytes(hash, "hash", 32)];
  if (stateRoot === undefined) return hashStruct("Anchor", ANCHOR_TYPE, words);
  return hashStruct("StateAnchor", STATE_ANCHOR_TYPE, [...words, toBytes(stateRoot, "stateRoot", 32)]);
}

/** The EIP-712 separator of a domain. */
export function domainSeparator(domain: TypedDataDomain): Uint8Array {
  const fields = domainFieldsOf(domain);
  const words = fields.map((field) => {
    const { name, type } = field;
    const given = memberOf(domain, name);
    if (type === "address") return concat([new Uint8Array(12), toBytes(given, name, 20)]);
    if (type === "bytes32") return toBytes(given, name, 32);
    const value = readStruct({ domain: [field] }, "domain", () => given)[name];
    return type === "string" ? hashText(value as string) : toBytes(toWord(BigInt(value as bigint)), name, 32);
  });
  return hashStruct("EIP712Domain", fields, words);
}

/** The members that a domain has, in the order that EIP-712 fixes. */
function domainFieldsOf(domain: TypedDataDomain): TypedDataField[] {
  if (typeof domain !== "object" || domain === null) throw invalidTypedData("the domain is no object", "domain");
  // A misspelt member would widen the domain: the signature would hold in more places than its signer meant.
  const stray = Array.isArray(domain) ? undefined : Object.keys(domain).find((key) => !isDomainMember(key));
  if (stray !== undefined)
    throw invalidTypedData(`domain.${oneLine(stray, 40)} is no member of an EIP-712 domain`, `domain.${stray}`);
  return DOMAIN_TYPE.filter(({ name }) => (memberOf(domain, name) ?? undefined) !== undefined);
}

function isDomainMember(key: string): boolean {
  return DOMAIN_TYPE.some(({ name }) => name === key);
}

/** The EIP-712 struct hash of a struct without arrays, whose members are encoded already. @param inner the types of its structs */
export function hashStruct(
  name: string,
  members: readonly TypedDataField[],
  words: readonly Uint8Array[],
  inner = "",
): Uint8Array {
  const type = `${encodeType(name, members)}${inner}`;
  return keccak256(concat([hashText(type), ...words]));
}

/** A struct's part of an EIP-712 type. */
export function encodeType(name: string, members: readonly TypedDataField[]): string {
  return `${name}(${members.map((member) => `${member.type} ${member.name}`).join(",")})`;
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

/** Adds the anchor's type, and a member of it to the signed struct, where they are not there already. */
function addAnchorMember(structs: StructTypes, primaryType: string, field: string, anchorType: AnchorTypeName): void {
  if (typeof field !== "string") throw invalidTypedData(`the field's name is ${describeValue(field)}`);
  const members = Object.hasOwn(structs, primaryType) ? structs[primaryType] : undefined;
  if (members === undefined || primaryType === "EIP712Domain")
    throw invalidTypedData(`there is no type ${describeValue(primaryType)}`);
  if (primaryType === anchorType) throw invalidTypedData(`${anchorType} is the anchor itself: use anchorDigest`);
  const defined = Object.hasOwn(structs, anchorType) ? structs[anchorType] : undefined;
  if (defined !== undefined && !sameFields(defined, ANCHOR_TYPES[anchorType]))
    throw invalidTypedData(`the type ${anchorType} is defined already, with other members`);
  structs[anchorType] = ANCHOR_TYPES[anchorType].map((member) => ({ ...member }));
  const taken = members.find(({ name }) => name === field);
  if (taken === undefined) members.push({ name: field, type: anchorType });
  else if (taken.type !== anchorType)
    throw invalidTypedData(`${primaryType}.${field} is a ${taken.type} already: choose another field`);
}

/** The one struct that no other struct refers to, the anchor's own type apart. */
function inferPrimaryType(structs: StructTypes, anchorType?: string): string {
  const names = Object.keys(structs).filter((name) => name !== "EIP712Domain" && name !== anchorType);
  const inner = new Set(
    names.flatMap((name) => structs[name]!.map(({ type }) => baseOf(type)).filter((base) => base !== name)),
  );
  const outer = names.filter((name) => !inner.has(name));
  if (outer.length !== 1)
    throw invalidTypedData(`which of ${oneLine(outer.join(", ")) || "these types"} is signed? Give primaryType`);
  return outer[0]!;
}

/** An anchor's members, read once, whatever kind of object has them. One that has a state root never loses it. */
function plainAnchor(anchor: Anchor | StateAnchor): Anchor & Partial<StateAnchor> {
  const { number, hash, stateRoot } = membersOf(anchor, STATE_ANCHOR_TYPE) as unknown as StateAnchor;
  const hasStateRoot = attempt("anchor", () => !Array.isArray(anchor) && "stateRoot" in (Object(anchor) as object));
  const plain = hasStateRoot || (stateRoot as unknown) !== undefined ? { number, hash, stateRoot } : { number, hash };
  checkAnchor(plain);
  return plain;
}

function membersOf(anchor: Anchor | StateAnchor, fields: readonly TypedDataField[]): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name }) => [name, memberOf(anchor, name)]));
}

function sameFields(a: readonly TypedDataField[], b: readonly TypedDataField[]): boolean {
  return a.length === b.length && a.every(({ name, type }, i) => name === b[i]?.name && type === b[i]?.type);
}

function sameAnchor(given: unknown, { number, hash, stateRoot }: Anchor & Partial<StateAnchor>): boolean {
  const same = (member: string, value: bigint | string | undefined): boolean => {
    const other = memberOf(given, member);
    return typeof other === "string" && typeof value === "string" ? sameHex(other, value) : other === value;
  };
  return same("number", number) && same("hash", hash) && same("stateRoot", stateRoot);
}
