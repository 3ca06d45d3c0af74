import { AbiCoder, id, type BaseContract } from "ethers";
import { network } from "hardhat";

import type { StateAnchor } from "../src/anchor/anchor.js";
import { toBytes, toWord, type Hex } from "../src/core/bytes.js";
import { SettlementGuardError } from "../src/core/errors.js";
import { type Header } from "../src/header/fields.js";
import { decodeHeader, startOf, hashHeader } from "../src/header/header.js";
import { deployPure, type PureCall } from "./evm.js";
import { compile, type Build } from "./compile.js";
import { SOURCES } from "./targets.js";

/**
 * What a reader made of a header, as the ABI words of the harness's results, without prefix. That is ReadResult for the
 * strict ones, AuthenticateResult for those that know the hash. Words, because comparing thousands of decoded structs
 * takes minutes.
 */
export type Words = string;

/** Where the fields are among the words of a ReadResult. */
export const READ_WORD = {
  status: 0,
  field: 1,
  parentHash: 2,
  stateRoot: 5,
  number: 9,
  timestamp: 12,
  fieldCount: 21,
  namedFields: 22,
};

/** Where they are in an AuthenticateResult. */
export const START_WORD = { status: 0, actual: 1, number: 2, stateRoot: 3 };

const READ_WORDS = 23;
const START_WORDS = 4;

/** The readers in one build. */
export interface Readers {
  /** On a chain of its own. */
  readonly harness: BaseContract;
  /** The same contract where calls of megabytes are fast. */
  readonly call: PureCall;
}

export async function deployReaders(build: Build): Promise<Readers> {
  const { ethers } = await network.create({ network: "default", override: { allowUnlimitedContractSize: true } });
  const { HeaderReaderHarness } = await compile(SOURCES.headers, build);
  const [signer] = await ethers.getSigners();
  const factory = new ethers.ContractFactory(HeaderReaderHarness!.abi, HeaderReaderHarness!.bytecode, signer);
  return { harness: await factory.deploy(), call: await deployPure(HeaderReaderHarness!) };
}

/** The order of HeaderStatus in Solidity. */
export const STATUS = { Ok: 0n, HashMismatch: 1n, Malformed: 2n, NumberMismatch: 3n, StateRootMismatch: 4n };

/** One of the words. */
export function word(words: Words, index: number): bigint {
  return BigInt(`0x${words.slice(64 * index, 64 * index + 64)}`);
}

/** Reads with TypeScript's `decodeHeader`. */
export function readInTypeScript(rlp: Hex): Words {
  const read = orMalformed(() => decodeHeader(rlp));
  const words = typeof read === "bigint" ? [STATUS.Malformed, read] : [STATUS.Ok, 0n, ...wordsOf(read)];
  return join([...words, ...new Array<bigint>(READ_WORDS - words.length).fill(0n)]);
}

/** Reads with TypeScript's `startOf`, as under the right hash. */
export function startInTypeScript(rlp: Hex): Words {
  const start = orMalformed(() => startOf(toBytes(rlp, "header")));
  if (typeof start === "bigint") return join([STATUS.Malformed, start, 0n, 0n]);
  return join([STATUS.Ok, BigInt(hashHeader(rlp)), start.number, integer(start.stateRoot)]);
}

/** Reads many headers in as few calls of the harness as their size allows. */
export function readInSolidity(
  call: PureCall,
  method: "readAll" | "readAllByReference",
  headers: readonly Hex[],
): Promise<Words[]> {
  const selector = selectorOf(`${method}(bytes[])`);
  return inBatches(headers, async (batch) => parts(await call(`${selector}${place(1)}${list(batch)}`), READ_WORDS));
}

/** Authenticates many headers, each against its hash or against what `hashOf` says. */
export function authenticateInSolidity(
  call: PureCall,
  method: "authenticateAll" | "authenticateAllByReference",
  headers: readonly Hex[],
  hashOf: (rlp: Hex) => Hex = (rlp) => hashHeader(rlp),
): Promise<Words[]> {
  const selector = selectorOf(`${method}(bytes[],bytes32[])`);
  return inBatches(headers, async (batch) => {
    const hashes = batch.map((rlp) => hashOf(rlp).slice(2));
    return parts(await call(`${selector}${listAnd(batch, hashes)}`), START_WORDS);
  });
}

/** With what each header's anchor is refused, by a revert or by its preview; `0x` where it is accepted. */
export function refusalsInSolidity(
  call: PureCall,
  method: "verifyAll" | "failuresOf",
  headers: readonly Hex[],
  anchorOf: (rlp: Hex) => StateAnchor,
): Promise<Hex[]> {
  const selector = selectorOf(`${method}(bytes[],(uint64,bytes32,bytes32)[])`);
  return inBatches(headers, async (batch) => {
    const anchors = batch.map(anchorOf);
    const words = anchors.map(({ number, hash, stateRoot }) =>
      [toWord(number), hash, stateRoot].map((word) => word.slice(2)).join(""),
    );
    const answer = await call(`${selector}${listAnd(batch, words)}`);
    return [...(AbiCoder.defaultAbiCoder().decode(["bytes[]"], answer)[0] as Hex[])];
  });
}

function selectorOf(signature: string): Hex {
  return id(signature).slice(0, 10) as Hex;
}

const bare = (value: number): string => toWord(BigInt(value)).slice(2);
/** The offset of what lies so many words behind. */
const place = (words: number): string => bare(32 * words);

/** `bytes[]` by the ABI, without prefix. Ethers takes longer to encode a thousand headers than a reader to read them. */
function list(items: readonly Hex[]): string {
  const encoded = items.map((item) => {
    const size = item.length / 2 - 1;
    return bare(size) + item.slice(2).padEnd(64 * Math.ceil(size / 32), "0");
  });
  let words = items.length;
  const places = encoded.map((item) => {
    const here = place(words);
    words += item.length / 64;
    return here;
  });
  return [bare(items.length), ...places, ...encoded].join("");
}

/** The arguments of a method that takes headers, and as many values of a fixed size. */
function listAnd(headers: readonly Hex[], values: readonly string[]): string {
  const rlps = list(headers);
  return [place(2), place(2 + rlps.length / 64), rlps, bare(values.length), ...values].join("");
}

/** An array of values of a fixed size, as a call returns it. */
function parts(answer: Hex, wordsEach: number): Words[] {
  const words = answer.slice(2 + 2 * 64); // after the array's offset and length
  const size = 64 * wordsEach;
  return Array.from({ length: words.length / size }, (_, i) => words.slice(size * i, size * (i + 1)));
}

/** Of headers: what anvil takes, and the embedded EVM has memory for. */
const BATCH_BYTES = 150_000;

async function inBatches<Answer>(
  headers: readonly Hex[],
  read: (batch: Hex[]) => Promise<Answer[]>,
): Promise<Answer[]> {
  const results: Answer[] = [];
  let batch: Hex[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    results.push(...(await read(batch)));
    [batch, size] = [[], 0];
  };
  for (const rlp of headers) {
    if (size + rlp.length / 2 > BATCH_BYTES && batch.length > 0) await flush();
    batch.push(rlp);
    size += rlp.length / 2 + 96;
  }
  if (batch.length > 0) await flush();
  return results;
}

/** The members of Solidity's Header, in their order. */
function wordsOf(header: Header): bigint[] {
  return [
    integer(header.parentHash),
    integer(header.ommersHash),
    integer(header.beneficiary),
    integer(header.stateRoot),
    integer(header.transactionsRoot),
    integer(header.receiptsRoot),
    header.difficulty,
    header.number,
    header.gasLimit,
    header.gasUsed,
    header.timestamp,
    header.baseFeePerGas ?? 0n,
    integer(header.withdrawalsRoot),
    header.blobGasUsed ?? 0n,
    header.excessBlobGas ?? 0n,
    integer(header.parentBeaconBlockRoot),
    integer(header.requestsHash),
    integer(header.blockAccessListHash),
    header.slotNumber ?? 0n,
    BigInt(header.fields.length),
    BigInt(namedFields(header)),
  ];
}

/** How many fields have names, by the last one that is there. */
export function namedFields(header: Partial<Header>): number {
  if (header.slotNumber !== undefined) return 23;
  if (header.requestsHash !== undefined) return 21;
  if (header.parentBeaconBlockRoot !== undefined) return 20;
  if (header.withdrawalsRoot !== undefined) return 17;
  if (header.baseFeePerGas !== undefined) return 16;
  return header.timestamp === undefined ? 9 : 15;
}

function integer(data: Hex | undefined): bigint {
  return BigInt(data ?? 0);
}

function join(words: readonly bigint[]): Words {
  return words.map((value) => toWord(value).slice(2)).join("");
}

function orMalformed<T>(read: () => T): T | bigint {
  try {
    return read();
  } catch (error) {
    if (SettlementGuardError.is(error, "HEADER_MALFORMED")) return BigInt(error.details.field);
    throw error;
  }
}
