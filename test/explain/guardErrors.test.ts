import { expect } from "chai";
import { Interface, type InterfaceAbi } from "ethers";
import fc from "fast-check";
import { artifacts } from "hardhat";

import { explain } from "../../src/explain/explain.js";
import {
  GUARD_ERROR_NAMES,
  LIBRARY_ERRORS,
  decodeGuardError,
  guardErrorSelector,
  isGuardError,
  type GuardErrorName,
} from "../../src/explain/guardErrors.js";

const HASH_A = `0x${"a1".repeat(32)}`;
const HASH_B = `0x${"b2".repeat(32)}`;

describe("guard errors", () => {
  let abi: Interface;
  before(async () => {
    const [guard, pins] = await Promise.all(["IGuardErrors", "IPinErrors"].map((name) => artifacts.readArtifact(name)));
    abi = new Interface([...guard!.abi, ...pins!.abi] as InterfaceAbi);
  });

  const sample = (name: GuardErrorName): (bigint | string)[] =>
    LIBRARY_ERRORS[name].map(({ type }, i) => {
      if (type === "bytes32") return [HASH_A, HASH_B][i % 2]!;
      return type === "address" ? `0x${"c3".repeat(20)}` : BigInt(100 + 7 * i);
    });

  it("SG-11: the list is that of IGuardErrors.sol, with the same names, types and selectors", () => {
    const compiled = abi.fragments.flatMap((fragment) => (fragment.type === "error" ? [fragment] : []));
    expect(compiled.map((fragment) => abi.getError(fragment.format())!.name).sort()).to.deep.equal(
      [...GUARD_ERROR_NAMES].sort(),
    );
    for (const name of GUARD_ERROR_NAMES) {
      const fragment = abi.getError(name)!;
      expect(LIBRARY_ERRORS[name].map(({ name, type }) => ({ name, type }))).to.deep.equal(
        fragment.inputs.map(({ name, type }) => ({ name, type })),
        name,
      );
      expect(guardErrorSelector(name)).to.equal(fragment.selector);
    }
  });

  it("SG-11: every error survives encoding by another library, and its explanation names all its values", () => {
    for (const name of GUARD_ERROR_NAMES) {
      const values = sample(name);
      const data = abi.encodeErrorResult(name, values);
      expect(isGuardError(data)).to.equal(true);
      expect(isGuardError(data.slice(0, 10).toUpperCase().replace("0X", "0x"))).to.equal(true);
      const decoded = decodeGuardError(data)!;
      expect(decoded.name).to.equal(name);
      expect(Object.values(decoded.values)).to.deep.equal(values);
      expect(Object.keys(decoded.values)).to.deep.equal(LIBRARY_ERRORS[name].map((input) => input.name));
      const text = explain(data);
      expect(text).to.match(new RegExp(`^${name}: .*\\.$`));
      for (const value of values) expect(text, name).to.match(new RegExp(`\\b${value}\\b`));
    }
  });

  it("SG-11: agrees with another library on random values of every error", () => {
    const seed = Date.now() & 0x7fffffff;
    console.log(`      seed ${seed}`);
    fc.assert(
      fc.property(
        fc.constantFrom(...GUARD_ERROR_NAMES),
        fc.infiniteStream(fc.bigInt(0n, 2n ** 256n - 1n)),
        (name, stream) => {
          const values = LIBRARY_ERRORS[name].map(({ type }) => {
            const value: bigint = stream.next().value!;
            if (type === "bytes32") return `0x${value.toString(16).padStart(64, "0")}`;
            // Of an address another library reads the checksum; the list's values are lower case.
            if (type === "address") return `0x${(value >> 96n).toString(16).padStart(40, "0")}`;
            return BigInt.asUintN(Number(type.slice(4)), value);
          });
          const data = abi.encodeErrorResult(name, values);
          const decoded = abi
            .decodeErrorResult(name, data)
            .map((value: bigint | string) => (typeof value === "string" ? value.toLowerCase() : value));
          expect(Object.values(decodeGuardError(data)!.values)).to.deep.equal(decoded);
        },
      ),
      { seed, numRuns: 300 },
    );
  });

  it("SG-11: decodes nothing that is cut short, too long, or has bits outside of its type", () => {
    const data = abi.encodeErrorResult("AnchorMismatch", [5n, HASH_A, HASH_B]);
    const dirty = `${data.slice(0, 10)}${"0".repeat(47)}1${data.slice(58)}`;
    expect(dirty.length).to.equal(data.length);
    for (const bad of [data.slice(0, -2), `${data}00`, data.slice(0, 10), dirty, data.slice(2), "0x", ""]) {
      expect(decodeGuardError(bad), bad).to.equal(undefined);
      expect(explain(bad)).to.match(/^Not a guard error: /);
    }
    for (const none of [undefined, null, 5, [data], new String(data)]) {
      expect(decodeGuardError(none as string)).to.equal(undefined);
      expect(isGuardError(none as string)).to.equal(false);
    }
    expect(isGuardError("0x")).to.equal(false);
    expect(isGuardError("0x08c379a0")).to.equal(false);
  });

  it("says plainly what other revert data is", () => {
    const standard = new Interface(["error Error(string)", "error Panic(uint256)", "error Other(uint256)"]);
    expect(explain(standard.encodeErrorResult("Error", ["not enough margin"]))).to.equal(
      'Not a guard error: it reverted with the reason "not enough margin".',
    );
    expect(explain(standard.encodeErrorResult("Panic", [0x11]))).to.contain(
      "code 17 (an arithmetic overflow or underflow)",
    );
    expect(explain(standard.encodeErrorResult("Other", [1]))).to.contain("an unknown error (0x");
    expect(explain("0x")).to.contain("carries no data");
    // A reason that claims to be longer than the data.
    expect(explain(`0x08c379a0${"20".padStart(64, "0")}${"f".repeat(64)}`)).to.contain("an unknown error");
  });
});
