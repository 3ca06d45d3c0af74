import { expect } from "chai";
import {
  BrowserProvider,
  Contract,
  Interface,
  JsonRpcApiProvider,
  Network,
  encodeBytes32String,
  type ErrorFragment,
  type InterfaceAbi,
} from "ethers";
import { network } from "hardhat";
import { readFileSync, readdirSync } from "node:fs";
import { createPublicClient, custom, type EIP1193RequestFn } from "viem";

import { explain } from "../../src/explain/explain.js";
import {
  BELIEF_ERRORS,
  CHAIN_ERRORS,
  GUARD_ERRORS,
  LIBRARY_ERRORS,
  PIN_ERRORS,
  POLICY_ERRORS,
  LEDGER_ERRORS,
  SOURCE_ERRORS,
  type LibraryErrorName,
} from "../../src/explain/guardErrors.js";
import { REMEDIES, remedyOf } from "../../src/explain/remedies.js";
import { revertDataOf } from "../../src/explain/revertData.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import { announced } from "../../tools/random.js";
import { ACTUAL, CLAIMED, FORMS, calldata, mismatch } from "../../tools/revertForms.js";

/** Every error that is declared in contracts/interfaces, as it was compiled. */
const declared = new Interface([
  ...new Set(
    readdirSync("artifacts/contracts/interfaces").flatMap((file) => {
      const path = `artifacts/contracts/interfaces/${file}/${file.replace(".sol", ".json")}`;
      const { abi } = JSON.parse(readFileSync(path, "utf8")) as { abi: InterfaceAbi };
      const fragments = new Interface(abi).fragments.filter(({ type }) => type === "error");
      return fragments.map((fragment) => fragment.format("full"));
    }),
  ),
]);
const errors = declared.fragments.map((fragment) => declared.getError((fragment as ErrorFragment).name)!);
const SENTENCE = /^AnchorMismatch: .*at block 41 it claims 0xa1a1/;

describe("explain", function () {
  for (const [client, error] of Object.entries(FORMS)) {
    it(`F14: reads the form of ${client}`, function () {
      expect(revertDataOf(error)).to.equal(mismatch);
      expect(explain(error)).to.match(SENTENCE);
      expect(remedyOf(error)).to.equal("sign");
    });
  }

  it("F14: reads what ethers and viem really throw", async function () {
    const { ethers, provider } = await network.create();
    const probe = await ethers.deployContract("BranchProbe");
    const data = probe.interface.encodeFunctionData("revertWith", [mismatch]);
    const to = await probe.getAddress();
    const geth = { code: 3, message: "execution reverted", data: mismatch };
    class Geth extends JsonRpcApiProvider {
      override async _send(payload: Parameters<JsonRpcApiProvider["_send"]>[0]) {
        return (Array.isArray(payload) ? payload : [payload]).map(({ id }) => ({ id, error: geth })) as never;
      }
    }
    const chain = Network.from(1);
    const viem = createPublicClient({ transport: custom({ request: provider.request.bind(provider) as EIP1193RequestFn }, { retryCount: 0 }) }); // prettier-ignore
    const abi = [{ type: "function", name: "revertWith", inputs: [{ name: "data", type: "bytes" }], outputs: [], stateMutability: "nonpayable" }] as const; // prettier-ignore
    const calls = [
      () => probe.getFunction("revertWith").staticCall(mismatch),
      () => new Contract(to, probe.interface, new BrowserProvider(provider)).getFunction("revertWith").staticCall(mismatch),
      () => new Geth(chain, { staticNetwork: chain }).call({ to, data }),
      () => provider.request({ method: "eth_call", params: [{ to, data }, "latest"] }),
      () => viem.call({ to: to as `0x${string}`, data: data as `0x${string}` }),
      () => viem.simulateContract({ address: to as `0x${string}`, abi, functionName: "revertWith", args: [mismatch as `0x${string}`] }),
      () => viem.estimateGas({ account: to as `0x${string}`, to: to as `0x${string}`, data: data as `0x${string}` }),
    ]; // prettier-ignore
    for (const call of calls) {
      const error: unknown = await call().then(() => undefined, (thrown: unknown) => thrown); // prettier-ignore
      expect(explain(error), String(call)).to.match(SENTENCE);
    }
  });

  it("F14: takes no transaction's input for revert data", function () {
    const message = `execution reverted (action="call", data=null, transaction={"code":null,"to":"0x00","data":"${calldata}"}, code=CALL_EXCEPTION)`; // prettier-ignore
    for (const error of [
      { transaction: { data: calldata }, info: { payload: { params: [{ data: calldata }] } } },
      { code: "CALL_EXCEPTION", data: null, message },
      new Error(message),
      new Error(`transaction failed transaction={"to":"0x00","data":"${calldata}"}`),
      new Error(`Execution reverted.\n\nRaw Call Arguments:\n  to:    0x00\n  data:  ${calldata}`),
    ])
      expect(revertDataOf(error)).to.equal(undefined);
  });

  it("F14: survives whatever is thrown, in one printable line of bounded length", function () {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const circle: { cause?: unknown; data?: unknown } = {};
    circle.cause = circle;
    circle.data = { error: circle };
    const bomb = new Proxy({}, { get: () => assertNever(), ownKeys: () => assertNever(), has: () => assertNever() });
    const detached = new Uint8Array(8);
    structuredClone(detached, { transfer: [detached.buffer] });
    const long = "x".repeat(1_000_000);
    const things: unknown[] = [
      undefined, null, 0, 5n, true, Symbol("s"), "", long, `0x${"ab".repeat(500_000)}`, () => 1, [], {}, proxy, bomb, circle, detached,
      { data: proxy, cause: bomb }, { data: { type: "Buffer", data: proxy } }, { errors: Array.from({ length: 100_000 }, () => ({})) },
      new Error(long), new Error("a\nb\u001b[31m\u202e\ud800"), { message: { toString: () => assertNever() } }, { data: long },
      { data: `0x08c379a0${"20".padStart(64, "0")}${(60_000).toString(16).padStart(64, "0")}${"0a".repeat(60_000)}` },
      new SettlementGuardError("RPC_FAILED", { method: "m", reason: "r" }, long), Object.create(null), { name: "SettlementGuardError" },
    ]; // prettier-ignore
    for (const thing of things) {
      const text = explain(thing);
      expect(text.length).to.be.lessThan(1_000);
      expect(text).to.match(/^[\x20-\x7e…]+$/);
      remedyOf(thing);
    }
  });

  it("F14: says what was thrown where there is no revert data, without URLs' secrets", function () {
    expect(explain(new Error("connect ECONNREFUSED"))).to.equal(
      'Not a guard error: there is no revert data in "connect ECONNREFUSED".',
    );
    expect(explain({ data: "Bad instruction fe" })).to.contain('a form that is not known here, "Bad instruction fe"');
    const text = explain(new Error("fetch https://user:pass@node.example/v3/KEY?token=T failed"));
    expect(text)
      .to.contain("https://node.example/… failed")
      .and.not.match(/user|pass|KEY|token/);
  });

  it("explains an error of this library by its message, and says what to do", function () {
    const details = { number: 5n, hash: CLAIMED, reason: "pruned" };
    const error = new SettlementGuardError("STATE_UNAVAILABLE", details, "block 5 is pruned");
    for (const thrown of [error, new Error("outer", { cause: error })])
      expect(explain(thrown)).to.equal(`STATE_UNAVAILABLE: block 5 is pruned. ${REMEDIES.prove}`);
    const unusable = new SettlementGuardError("INVALID_HEX", { what: "x", value: "y", expected: "z" }, "x is y.");
    expect(explain(unusable)).to.equal("INVALID_HEX: x is y.");
  });

  it("F17: knows every error of contracts/interfaces, with its values", function () {
    expect(errors.length).to.be.greaterThan(39);
    const tables = {
      ...GUARD_ERRORS,
      ...POLICY_ERRORS,
      ...BELIEF_ERRORS,
      ...SOURCE_ERRORS,
      ...PIN_ERRORS,
      ...CHAIN_ERRORS,
      ...LEDGER_ERRORS,
    };
    expect(errors.map(({ name }) => name).sort()).to.deep.equal(Object.keys(tables).sort());
    const source = announced();
    for (const { name, inputs } of errors) {
      const known = LIBRARY_ERRORS[name as LibraryErrorName];
      expect(known.map((input) => [input.name, input.type]), name).to.deep.equal(inputs.map((input) => [input.name, input.type])); // prettier-ignore
      const values = inputs.map(({ type }) => {
        if (type === "bytes32") return `0x${Buffer.from(source.bytes(32).map((byte) => byte | 0x80)).toString("hex")}`;
        return type === "address" ? `0x${"c3".repeat(20)}` : BigInt(6 + source.below(100));
      });
      const text = explain(declared.encodeErrorResult(name, values));
      expect(text).to.match(new RegExp(`^${name}: .*\\.$`));
      for (const value of values) expect(text, name).to.match(new RegExp(`\\b${value}\\b`));
    }
  });

  it("F17: shows names as words", function () {
    const eth = encodeBytes32String("ETH-PERP");
    const bounds = (member: string): string =>
      explain(declared.encodeErrorResult("ConfigOutOfBounds", [encodeBytes32String(member), 1, 96, 7_200]));
    expect(bounds("gap")).to.equal(
      "ConfigOutOfBounds: the scope's gap is 1, and the bounds are 96 and 7200 s, both included.",
    );
    expect(bounds("maxAge")).to.contain("scope's maxAge is 1").and.contain("7200 blocks");
    expect(bounds("longestBlockTime")).to.contain("scope's longestBlockTime is 1").and.contain("7200 ms");
    const mismatch = explain(declared.encodeErrorResult("ContinuityMismatch", [10, 2, 1]));
    expect(mismatch).to.contain("2 (l1-origin)").and.contain("1 (block-times)");
    const parents = explain(declared.encodeErrorResult("ParentMismatch", [eth, `0x${"00".repeat(32)}`, eth]));
    expect(parents).to.contain("below none (0x00").and.contain('_parentOf below "ETH-PERP"');
    const waits = (announced: string): string =>
      explain(
        declared.encodeErrorResult("ConfigurationNotReady", [eth, announced, 1_800_000_000, 5, 1_800_000_900, 9]),
      );
    expect(waits(`0x${"00".repeat(32)}`)).to.contain('no configuration of scope "ETH-PERP" is announced');
    expect(waits(CLAIMED)).to.contain(`hash ${CLAIMED}`).and.contain("2027-01-15T08:00:00.000Z) and block 5");
    const denied = explain(declared.encodeErrorResult("ActionDenied", [eth, 0, 3]));
    expect(denied).to.contain('scope "ETH-PERP"').and.contain("(Increase)").and.contain("(Diverged)");
    const trial = /On a development chain, time that passes without blocks looks like an outage/;
    expect(denied).not.to.match(trial);
    for (const status of [1, 2])
      expect(explain(declared.encodeErrorResult("ActionDenied", [eth, 0, status]))).to.match(trial);
    for (const unprintable of [ACTUAL, `0x${"00".repeat(32)}`, `0x00${eth.slice(4)}`, `${eth.slice(0, 60)}41424344`.slice(0, 66)])
      expect(explain(declared.encodeErrorResult("ScopeUnknown", [unprintable]))).to.contain(`scope ${unprintable} has`); // prettier-ignore
  });
});

describe("remedyOf", function () {
  it("F13: says of every error what to do, by name, by selector and by what was thrown", function () {
    for (const { name, selector, inputs } of errors) {
      const data = declared.encodeErrorResult(name, inputs.map(({ type }) => (type === "address" ? `0x${"00".repeat(20)}` : type === "bytes32" ? CLAIMED : 1))); // prettier-ignore
      const remedy = remedyOf(name);
      expect(Object.keys(REMEDIES)).to.include(remedy);
      for (const form of [selector, data, { info: { error: { data } } }, { name, values: {} }])
        expect(remedyOf(form), name).to.equal(remedy);
      // SG-11: a handler never cancels because of a guard error.
      if (name in GUARD_ERRORS) expect(remedy).not.to.equal("abandon");
    }
  });

  it("F13: agrees with what a keeper has to do", function () {
    const expected = {
      wait: ["AnchorTooShallow", "AnchorInFuture", "AnchorIsCurrentBlock", "AnchorHashUnknown", "SourcesDisagree", "ActionDenied", "LiquidationDenied"],
      sign: ["AnchorMismatch", "AnchorTooDeep", "AnchorOutOfWindow", "ZeroAnchorHash"],
      prove: ["HeaderHashMismatch", "HeaderMalformed", "StateRootMismatch", "StateProofInvalid", "PinMissing", "PinDiffers", "PinTierTooLow", "PinTooOld", "SlotBelow", "SlotAbove", "SlotDiffers"],
      configure: ["ScopeUnknown", "UnsupportedChain", "ConfigOutOfBounds", "ParentMismatch", "ContinuityMismatch", "LiquidationNeedsHealth"],
    }; // prettier-ignore
    for (const [remedy, names] of Object.entries(expected))
      for (const name of names) expect(remedyOf(name), name).to.equal(remedy);
  });

  it("F13: is undefined for everything else", function () {
    const others = [undefined, null, 5, "", "toString", "Anchor", "0x", "0x08c379a0", new Error("x"), {}, mismatch.slice(0, -2), `${mismatch}00`]; // prettier-ignore
    for (const other of others) expect(remedyOf(other)).to.equal(undefined);
    const own = new SettlementGuardError("INVALID_CONFIG", { faults: [] }, "x");
    expect(remedyOf(own)).to.equal("configure");
  });
});

function assertNever(): never {
  throw new TypeError("a getter that throws");
}
