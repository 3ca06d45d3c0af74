import { toBytes, toHex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { describeValue } from "../core/text.js";

/** One member of an EIP-712 struct. */
export interface TypedDataField {
  readonly name: string;
  readonly type: string;
}

/** EIP-712 struct types by name, as ethers and viem take them. */
export type TypedDataTypes = Readonly<Record<string, readonly TypedDataField[]>>;

/** Struct types that were copied and whose members are known to be names and types. */
export type StructTypes = Record<string, TypedDataField[]>;

// The encoders of wallets find structs by `\w*`. A `$` in a struct's name would hide it from some.
const STRUCT_NAME = /^[A-Za-z_]\w*$/;
/** What some wallet takes for one of Solidity's own types, or for a mistake in one. */
const ATOM_NAME = /^(?:address|bool|string|(?:bytes|u?int)\d*)$/;
const MEMBER_NAME = /^[A-Za-z_$][\w$]*$/;
const ARRAY_TYPE = /^(.*)\[(|[1-9]\d*)\]$/;
const INTEGER_TEXT = /^(?:-?(?:0|[1-9]\d*)|0x[\da-f]+)$/i;

/** Copies types, `EIP712Domain` included. `uint` and `int` become `uint256` and `int256`, as EIP-712 writes them. */
export function copyTypes(types: TypedDataTypes): StructTypes {
  return attempt("the types", () => {
    if (!isObject(types)) throw invalidTypedData(`the types are ${describeValue(types)}: expected an object`);
    return Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, copyFields(name, fields)]));
  });
}

/**
 * The types that a message of `primaryType` is made of, in the order given. Types that it does not reach are left out: ethers signs
 * none that nothing refers to.
 *
 * @throws INVALID_TYPED_DATA for a type that ethers and viem would not both sign, with the same digest
 */
export function reachedTypes(types: StructTypes, primaryType: string): StructTypes {
  const done = new Set<string>();
  const visit = (name: string, above: readonly string[]): void => {
    if (above.includes(name)) throw invalidTypedData(`${[...above, name].join(" contains ")}: a circle of types`);
    if (done.has(name)) return;
    if (!STRUCT_NAME.test(name) || name === "__proto__")
      throw invalidTypedData(`${describeValue(name)} cannot be the name of a struct`);
    const names = new Set<string>();
    for (const { name: member, type } of types[name]!) {
      const path = `${name}.${member}`;
      if (!MEMBER_NAME.test(member) || member === "__proto__")
        throw invalidTypedData(`${name} has a member ${describeValue(member)}, which is no identifier`);
      if (names.has(member)) throw invalidTypedData(`${path} is there twice`, path);
      names.add(member);
      const base = baseOf(type);
      if (isAtom(base)) continue;
      if (!Object.hasOwn(types, base) || base === "EIP712Domain")
        throw invalidTypedData(`${path} has the type ${describeValue(type)}, which is nowhere defined`, path);
      visit(base, [...above, name]);
    }
    done.add(name);
  };
  if (!Object.hasOwn(types, primaryType) || primaryType === "EIP712Domain")
    throw invalidTypedData(`there is no type ${describeValue(primaryType)}`);
  attempt("the types", () => visit(primaryType, []));
  return Object.fromEntries(Object.entries(types).filter(([name]) => done.has(name)));
}

/** The element type of an array of any dimensions; any other type itself. */
export function baseOf(type: string): string {
  const array = ARRAY_TYPE.exec(type);
  return array === null ? type : baseOf(array[1]!);
}

/**
 * Reads what the types name, and only that, into a plain object. Members may be own, inherited, getters, or names of an ethers
 * `Result`; each is read once.
 *
 * @throws INVALID_TYPED_DATA with the path of a member that is missing or whose value does not fit its type
 */
export function readStruct(
  types: StructTypes,
  name: string,
  read: (member: string, path: string) => unknown,
  path = name,
): Record<string, unknown> {
  return Object.fromEntries(
    types[name]!.map(({ name: member, type }) => {
      const at = `${path}.${member}`;
      return [member, readValue(types, type, read(member, at), at)];
    }),
  );
}

/**
 * A member of a struct that somebody else made, whatever kind of object it is; undefined where it has none.
 *
 * @throws INVALID_TYPED_DATA where reading it throws
 */
export function memberOf(struct: unknown, name: string, path = name): unknown {
  return attempt(path, () => {
    if (!isObject(struct)) return undefined;
    // What they hold lies behind methods, and their own members (`size`, `length`) are no order's.
    if (struct instanceof Map || struct instanceof Set || ArrayBuffer.isView(struct)) return undefined;
    const members = struct as { [name: string]: unknown };
    if (!Array.isArray(struct)) return members[name];
    // An ethers v6 Result answers an array's own property or method in place of a member of the same name.
    const getValue = members["getValue"];
    if (typeof getValue === "function") return (getValue as (name: string) => unknown).call(struct, name);
    return Object.hasOwn(struct, name) && name !== "length" ? members[name] : undefined;
  });
}

/** What reading throws (a getter, a revoked proxy) becomes an error of this library. */
export function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (SettlementGuardError.is(cause)) throw cause;
    throw invalidTypedData(`${path} cannot be read`, path, cause);
  }
}

export function invalidTypedData(
  reason: string,
  path?: string,
  cause?: unknown,
): SettlementGuardError<"INVALID_TYPED_DATA"> {
  const details = path === undefined ? { reason } : { reason, path };
  return new SettlementGuardError("INVALID_TYPED_DATA", details, `this typed data cannot be signed: ${reason}`, {
    ...(cause === undefined ? {} : { cause }),
  });
}

function copyFields(struct: string, fields: unknown): TypedDataField[] {
  if (ATOM_NAME.test(struct)) throw invalidTypedData(`${describeValue(struct)} cannot be the name of a struct`);
  if (!Array.isArray(fields)) throw invalidTypedData(`the type ${describeValue(struct)} is no list of members`);
  return Array.from(fields, (field: unknown, i) => {
    const name = memberOf(field, "name");
    const type = memberOf(field, "type");
    if (typeof name !== "string" || typeof type !== "string")
      throw invalidTypedData(`member ${i} of the type ${describeValue(struct)} has no name or no type`);
    return { name, type: type.replace(/^(u?int)(?=\[|$)/, "$1256") };
  });
}

function readValue(types: StructTypes, type: string, value: unknown, path: string): unknown {
  if (value === undefined || value === null)
    throw invalidTypedData(`${path} is ${value === null ? "null" : "missing"}: expected ${nameOf(type)}`, path);
  const array = ARRAY_TYPE.exec(type);
  if (array !== null) return readArray(types, array[1]!, array[2]!, value, path);
  if (!Object.hasOwn(types, type)) return readAtom(type, value, path);
  if (!isObject(value)) throw misfit(type, value, path);
  return readStruct(types, type, (member, at) => memberOf(value, member, at), path);
}

function readArray(types: StructTypes, element: string, length: string, value: unknown, path: string): unknown[] {
  if (!attempt(path, () => Array.isArray(value))) throw misfit(`${element}[${length}]`, value, path);
  const items = value as readonly unknown[];
  const count = attempt(path, () => items.length);
  if (!Number.isSafeInteger(count) || count < 0) throw misfit(`${element}[${length}]`, value, path);
  if (length !== "" && String(count) !== length)
    throw invalidTypedData(`${path} has ${count} items: expected ${nameOf(`${element}[${length}]`)}`, path);
  const indexes = attempt(path, () => Array.from({ length: count }, (_, i) => i));
  return indexes.map((i) => {
    const at = `${path}[${i}]`;
    return readValue(
      types,
      element,
      attempt(at, () => items[i]),
      at,
    );
  });
}

function readAtom(type: string, value: unknown, path: string): unknown {
  if (type === "bool") {
    if (typeof value === "boolean") return value;
  } else if (type === "string") {
    // A lone surrogate has no UTF-8: ethers refuses it, and viem signs another character.
    if (typeof value === "string" && !/\p{Surrogate}/u.test(value)) return value;
  } else if (type === "address") {
    if (typeof value === "string") return readAddress(value, path);
  } else if (type.startsWith("bytes")) {
    return readBytes(type, value, path);
  } else if (isInteger(type, value)) {
    return value;
  }
  throw misfit(type, value, path);
}

/** As given; in lower case where the letters are all capitals, which only ethers takes for no checksum. */
function readAddress(value: string, path: string): string {
  if (!/^0x[\da-f]{40}$/i.test(value)) throw misfit("address", value, path);
  const digits = value.slice(2).toLowerCase();
  if (value.slice(2) === digits || value.slice(2) === digits.toUpperCase()) return `0x${digits}`;
  // ERC-55: a letter is a capital where the digit of the hash in its place is 8 or more.
  const hash = toHex(keccak256(new TextEncoder().encode(digits))).slice(2);
  const checksummed = Array.from(digits, (digit, i) => (hash[i]! >= "8" ? digit.toUpperCase() : digit)).join("");
  if (value.slice(2) !== checksummed) throw invalidTypedData(`${path} is ${value}, whose checksum is wrong`, path);
  return value;
}

function readBytes(type: string, value: unknown, path: string): string {
  const length = type === "bytes" ? undefined : Number(type.slice("bytes".length));
  try {
    if (value instanceof Uint8Array) {
      const hex = toHex(value);
      toBytes(hex, path, length);
      return hex;
    }
    toBytes(value, path, length);
    return value as string;
  } catch (cause) {
    throw misfit(type, value, path, cause);
  }
}

function isInteger(type: string, value: unknown): boolean {
  const whole =
    typeof value === "bigint" ||
    (typeof value === "number" && Number.isSafeInteger(value)) ||
    (typeof value === "string" && value.length <= 80 && INTEGER_TEXT.test(value));
  if (!whole) return false;
  const [, unsigned, bits] = /^(u?)int(\d+)$/.exec(type)!;
  const exact = BigInt(value as bigint | number | string);
  return exact === (unsigned === "u" ? BigInt.asUintN(Number(bits), exact) : BigInt.asIntN(Number(bits), exact));
}

function isAtom(type: string): boolean {
  if (/^(?:address|bool|string|bytes(?:[1-9]|[12]\d|3[0-2])?)$/.test(type)) return true;
  const bits = /^u?int([1-9]\d{0,2})$/.exec(type)?.[1];
  return bits !== undefined && Number(bits) % 8 === 0 && Number(bits) <= 256;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function nameOf(type: string): string {
  return /^[aeiou](?!int)/i.test(type) ? `an ${type}` : `a ${type}`;
}

function misfit(
  type: string,
  value: unknown,
  path: string,
  cause?: unknown,
): SettlementGuardError<"INVALID_TYPED_DATA"> {
  return invalidTypedData(`${path} is ${describeValue(value)}: expected ${nameOf(type)}`, path, cause);
}
