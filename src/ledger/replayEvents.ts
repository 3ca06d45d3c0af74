import { toBytes, type Hex } from "../core/bytes.js";
import { SettlementGuardError, type ErrorDetails } from "../core/errors.js";
import { describeValue, quoted } from "../core/text.js";

/** A value as a contract logs it. Numbers are exact: a `number` is refused. */
export type ReplayValue = bigint | boolean | Hex;

/** One event, as the chain or a database logged it. */
export interface LoggedEvent {
  readonly name: string;
  /** The members by name. Each integer is a bigint, whatever its width; bytes and addresses are hexadecimal. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Its block. Where nothing has blocks: the batch. Two events of one height must not have two hashes. */
  readonly block: { readonly number: bigint; readonly hash?: string | undefined };
  /** What names the transaction. All events of a step are of one transaction. */
  readonly transaction: string;
  /** Its place among the block's logs. */
  readonly index: bigint;
  /** A number that grows by one from event to event, where the log has one. It alone can show that events are missing. */
  readonly sequence?: bigint | undefined;
}

/** A type of Solidity that fits into an event's member. */
export type MemberType = "bool" | "address" | "bytes" | `uint${number}` | `int${number}` | `bytes${number}`;

/** Events by name, each with its members and their types, as the ABI has them. */
export type EventShapes = Readonly<Record<string, Readonly<Record<string, MemberType>>>>;

/** What a member's type is in TypeScript. */
export type ValueOf<Type> = Type extends `uint${number}` | `int${number}`
  ? bigint
  : Type extends "bool"
    ? boolean
    : Hex;

/** An event of one of the shapes, its members checked. Hexadecimal is in lower case. */
export type EventOf<Shapes extends EventShapes> = {
  readonly [Name in keyof Shapes]: Omit<LoggedEvent, "name" | "values"> & {
    readonly name: Name;
    readonly values: { readonly [Member in keyof Shapes[Name]]: ValueOf<Shapes[Name][Member]> };
  };
}[keyof Shapes];

type Refusal = "INVALID_EVENT" | "UNKNOWN_EVENT" | "EVENT_ORDER";
type Place = ErrorDetails["EVENT_ORDER"]["given"];

const NUMBER = /^(u?)int(\d*)$/;
const BYTES = /^bytes(\d*)$/;

/** Whether an event has a name, a place and members at all. @throws INVALID_EVENT */
export function checkLogged(event: unknown, at: number): asserts event is LoggedEvent {
  const { name, values, block, transaction, index, sequence } = asObject(event);
  const { number, hash } = asObject(block);
  const refuse = (member: string, value: unknown, expected: string): never =>
    refuseMember({ at, name: typeof name === "string" ? name : "", member, value, expected });
  if (typeof name !== "string") refuse("name", name, "text");
  if (typeof values !== "object" || values === null) refuse("values", values, "an object");
  if (!isNatural(number)) refuse("block.number", number, "a bigint from 0");
  if (hash !== undefined && typeof hash !== "string") refuse("block.hash", hash, "hexadecimal");
  if (typeof transaction !== "string") refuse("transaction", transaction, "text");
  if (!isNatural(index)) refuse("index", index, "a bigint from 0");
  if (sequence !== undefined && !isNatural(sequence)) refuse("sequence", sequence, "a bigint from 0");
}

/** @throws EVENT_ORDER where an event does not come after the one before it. INVALID_EVENT where one of them alone has a sequence */
export function checkOrder(previous: LoggedEvent, given: LoggedEvent, at: number): void {
  if ((previous.sequence === undefined) !== (given.sequence === undefined)) {
    const expected = previous.sequence === undefined ? "none, as before" : "a bigint, as before";
    refuseMember({ at, name: given.name, member: "sequence", value: given.sequence, expected });
  }
  const fault = orderFault(previous, given);
  if (fault === undefined) return;
  const [was, is] = [placeOf(previous), placeOf(given)];
  const message = `event ${at}, ${quoted(given.name)} at ${shown(is)}: ${fault}, after an event at ${shown(was)}`;
  throw refusal("EVENT_ORDER", { at, fault, previous: was, given: is }, message);
}

/**
 * The members of an event as its shape has them, hexadecimal in lower case.
 *
 * @throws INVALID_EVENT for a member that is missing, is not named, has another type, or does not fit into its type
 */
export function readValues(
  event: LoggedEvent,
  shape: Readonly<Record<string, MemberType>>,
  at: number,
): Record<string, ReplayValue> {
  const { name, values } = event;
  for (const member of Object.keys(values)) {
    if (!Object.hasOwn(shape, member))
      refuseMember({ at, name, member, value: values[member], expected: "no such member" });
  }
  return Object.fromEntries(
    Object.entries(shape).map(([member, type]) => {
      const value = Object.hasOwn(values, member) ? values[member] : undefined;
      const read = readValue(value, type);
      return [member, read ?? refuseMember({ at, name, member, value, expected: expectationOf(type) })];
    }),
  );
}

export function unknownEvent(name: string, at: number): SettlementGuardError<"UNKNOWN_EVENT"> {
  return refusal("UNKNOWN_EVENT", { at, name }, `event ${at}: the reducer does not know ${quoted(name)}`);
}

function orderFault(previous: LoggedEvent, given: LoggedEvent): ErrorDetails["EVENT_ORDER"]["fault"] | undefined {
  if (given.block.number < previous.block.number) return "backward";
  if (given.block.number === previous.block.number) {
    const [was, is] = [previous.block.hash, given.block.hash];
    if (was !== undefined && is !== undefined && was.toLowerCase() !== is.toLowerCase()) return "branch";
    if (given.index === previous.index) return "duplicate";
    if (given.index < previous.index) return "backward";
  }
  if (previous.sequence === undefined || given.sequence === undefined) return undefined;
  if (given.sequence === previous.sequence) return "duplicate";
  if (given.sequence < previous.sequence) return "backward";
  return given.sequence === previous.sequence + 1n ? undefined : "gap";
}

/** Undefined for a value that is not of the type. */
function readValue(value: unknown, type: MemberType): ReplayValue | undefined {
  const [, unsigned, bits = ""] = NUMBER.exec(type) ?? [];
  if (unsigned !== undefined) return typeof value === "bigint" && fits(value, unsigned, bits) ? value : undefined;
  if (type === "bool") return typeof value === "boolean" ? value : undefined;
  if (typeof value !== "string") return undefined;
  const size = type === "address" ? "20" : (BYTES.exec(type)?.[1] ?? "");
  try {
    toBytes(value, type, size === "" ? undefined : Number(size));
    return value.toLowerCase() as Hex;
  } catch {
    return undefined;
  }
}

function fits(value: bigint, unsigned: string, bits: string): boolean {
  const width = bits === "" ? 256 : Number(bits);
  return value === (unsigned === "" ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value));
}

function expectationOf(type: MemberType): string {
  if (NUMBER.test(type)) return `a bigint that fits into ${type}`;
  return type === "bool" ? "true or false" : `hexadecimal of ${type}`;
}

function refuseMember(fault: { at: number; name: string; member: string; value: unknown; expected: string }): never {
  const { at, name, member, value, expected } = fault;
  const reason = `it is ${describeValue(value)}: expected ${expected}`;
  const message = `event ${at}, ${quoted(name)}, member ${quoted(member)}: ${reason}`;
  throw refusal("INVALID_EVENT", { at, name, member, reason }, message);
}

function refusal<Code extends Refusal>(
  code: Code,
  details: ErrorDetails[Code],
  message: string,
): SettlementGuardError<Code> {
  return new SettlementGuardError(code, details, message);
}

function placeOf({ block: { number, hash }, index, sequence }: LoggedEvent): Place {
  return { block: { number, hash }, index, sequence };
}

function shown({ block, index, sequence }: Place): string {
  const numbered = sequence === undefined ? "" : `, sequence ${sequence}`;
  const hash = block.hash === undefined ? "" : ` (${quoted(block.hash)})`;
  return `block ${block.number}${hash}, log ${index}${numbered}`;
}

function isNatural(value: unknown): boolean {
  return typeof value === "bigint" && value >= 0n;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
