import { expect, use } from "chai";
import { Interface, type Contract } from "ethers";
import { network } from "hardhat";

import { assertAcceptedByGuard, assertRejectedByGuard } from "../../src/assert/index.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { explain } from "../../src/explain/explain.js";
import type { GuardErrorName } from "../../src/explain/guardErrors.js";
import { remedyOf } from "../../src/explain/remedies.js";
import { failure, pass, type Both } from "../../tools/assertions.js";
import { ACTUAL, CLAIMED, FORMS, mismatch } from "../../tools/revertForms.js";

use(settlementGuardMatchers);

const MISMATCH = `AnchorMismatch: the action was prepared on another branch: at block 41 it claims ${CLAIMED}, and the executing chain has ${ACTUAL}.`;
const FOREIGN = new Interface([
  "error Error(string)",
  "error Batch(uint256, string, bytes)",
  "error Pair(bytes, bytes)",
]);
const NO_MARGIN = FOREIGN.encodeErrorResult("Error", ["no margin"]);

const accepted = (subject: () => unknown): Both => ({
  chai: () => expect(subject()).to.be.acceptedByGuard(),
  plain: () => assertAcceptedByGuard(subject()),
});
const acceptedNot = (subject: () => unknown): Both => ({
  chai: () => expect(subject()).not.to.be.acceptedByGuard(),
  plain: () => assertAcceptedByGuard.not(subject()),
});
const rejectedBy = (subject: () => unknown, name?: GuardErrorName): Both => ({
  chai: () => expect(subject()).to.be.rejectedByGuard(name),
  plain: () => assertRejectedByGuard(subject(), name),
});
const rejectedNot = (subject: () => unknown, name?: GuardErrorName): Both => ({
  chai: () => expect(subject()).not.to.be.rejectedByGuard(name),
  plain: () => assertRejectedByGuard.not(subject(), name),
});

describe("acceptedByGuard, and what was caught on the way", function () {
  let probe: Contract;
  let rethrower: Contract;
  let target: string;

  before(async () => {
    const { ethers } = await network.create();
    probe = (await ethers.deployContract("BranchProbe")) as unknown as Contract;
    rethrower = (await ethers.deployContract("Rethrower")) as unknown as Contract;
    target = await probe.getAddress();
  });

  const revert = (data: string) => () => probe.getFunction("revertWith").staticCall(data);
  const reverting = (data: string): string => probe.interface.encodeFunctionData("revertWith", [data]);

  it("passes as the documents write it", async () => {
    const [multicall, perps, data] = [rethrower, probe, reverting(mismatch)];
    // #region guard
    await expect(perps.getFunction("set").send(5n)).to.be.acceptedByGuard();
    // The multicall caught the guard's error, and reverted with WrappedError.
    await expect(multicall.getFunction("wrapped").send(perps, data))
      .to.be.rejectedByGuard("AnchorMismatch")
      .withValues({ number: 41n });
    // The same without chai, in node:test or vitest.
    await assertRejectedByGuard(multicall.getFunction("wrapped").send(perps, data), "AnchorMismatch", { number: 41n });
    // #endregion guard
  });

  it("passes for what succeeded, and fails for the guard's refusal with its explanation", async () => {
    await pass(accepted(() => probe.getFunction("set").send(1)));
    await pass(accepted(() => async () => probe.getFunction("value").staticCall()));
    await pass(acceptedNot(revert(mismatch)));
    expect(await failure(accepted(revert(mismatch)))).to.equal(
      `Expected the transaction to be accepted by the guard, but it reverted. ${MISMATCH}`,
    );
    expect(await failure(acceptedNot(() => probe.getFunction("set").send(1)))).to.equal(
      "Expected the transaction not to be accepted by the guard, but it succeeded.",
    );
  });

  it("fails for its own reason, negated or not, for what is not the guard's doing", async () => {
    const silent = { code: "CALL_EXCEPTION", data: null, message: "execution reverted" };
    const cases: [() => unknown, string][] = [
      [revert(NO_MARGIN), 'it reverted. Not a guard error: it reverted with the reason "no margin".'],
      [() => Promise.reject(new Error("nonce too low")), "it never ran: nonce too low."],
      [() => Promise.reject(silent), "it reverted, and the error does not say with what."],
      [() => Promise.reject({ code: -32015, data: "Reverted 0xabc" }), 'it reverted, and the revert data has a form that is not known here: "Reverted 0xabc".'],
      [() => Promise.resolve({ transactionHash: CLAIMED, status: "reverted" }), "it reverted, and its receipt does not say with what."],
      [() => Promise.resolve(CLAIMED), `it shows nothing: what came back is ${CLAIMED}, a transaction's hash or a call's bytes32: wait for the receipt, or give the call's whole result.`],
    ]; // prettier-ignore
    for (const [subject, reason] of cases) {
      expect(await failure(accepted(subject))).to.equal(
        `Expected the transaction to be accepted by the guard, but ${reason}`,
      );
      expect(await failure(acceptedNot(subject))).to.equal(`Expected the transaction not to be accepted by the guard, but ${reason}`); // prettier-ignore
    }
  });

  it("finds the guard's error in each client's own hiding place", async () => {
    for (const form of Object.values(FORMS)) {
      await pass(rejectedBy(() => Promise.reject(form as Error), "AnchorMismatch"));
      await pass(acceptedNot(() => Promise.reject(form as Error)));
    }
  });

  it("finds what a contract caught and reverted with again, as do explain and remedyOf", async () => {
    const call = reverting(mismatch);
    const here = await rethrower.getAddress();
    const nested = (name: string, data: string) => rethrower.interface.encodeFunctionData(name, [target, data]);
    const batch = (data: string) => [[here, false, nested("asReason", data)]];
    const cases: [string, unknown[], string][] = [
      ["wrapped", [target, call], ` It was caught when ${target.toLowerCase()} was called, and came back inside of WrappedError (ERC-7751).`],
      ["asReason", [target, call], " It was caught, and came back as the reason of another revert."],
      ["wrapped", [here, nested("wrapped", call)], ` It was caught when ${here.toLowerCase()} was called, and came back inside of WrappedError (ERC-7751).`],
      ["inBatch", [batch(call)], ` It was caught, and came back inside of the error ${rethrower.interface.getError("CallFailed")!.selector}.`],
    ]; // prettier-ignore
    for (const [name, args, caught] of cases) {
      const subject = () => rethrower.getFunction(name).staticCall(...args);
      await pass(rejectedBy(subject, "AnchorMismatch"));
      await assertRejectedByGuard(subject(), "AnchorMismatch", { number: 41n, claimed: CLAIMED });
      expect(await failure(accepted(subject))).to.equal(
        `Expected the transaction to be accepted by the guard, but it reverted. ${MISMATCH}${caught}`,
      );
      expect(await failure(rejectedNot(subject, "AnchorMismatch"))).to.contain(MISMATCH);
      await pass(rejectedNot(subject, "AnchorTooDeep"));
      const thrown: unknown = await subject().catch((error: unknown) => error);
      expect(explain(thrown)).to.equal(`${MISMATCH}${caught}`);
      expect(remedyOf(thrown)).to.equal("sign");
    }
    const text = FOREIGN.encodeErrorResult("Error", [`call 3 failed: ${mismatch}`]);
    await pass(rejectedBy(revert(text), "AnchorMismatch"));
  });

  it("takes nothing for a caught error that is none: other data, a wrong length, a bare selector, cut off", async () => {
    const selector = mismatch.slice(0, 10);
    for (const inner of [NO_MARGIN, selector, mismatch.slice(0, -2), `${mismatch}00`, `0x00${mismatch.slice(2)}`]) {
      const data = FOREIGN.encodeErrorResult("Batch", [1n, "x", inner]);
      await pass(rejectedNot(revert(data)));
      expect(explain(data)).to.match(/^Not a guard error: an unknown error/);
    }
    // No length before it: an argument's own words.
    await pass(rejectedNot(revert(`0xdeadbeef${mismatch.slice(2)}`)));
    const cut = FOREIGN.encodeErrorResult("Batch", [1n, "x", mismatch]).slice(0, -80);
    await pass(rejectedNot(revert(cut)));
  });

  it("finds every error that was caught, whichever comes first", async () => {
    const deep = probe.interface.encodeErrorResult("AnchorTooDeep", [9n, 700n, 256n]);
    const data = FOREIGN.encodeErrorResult("Pair", [deep, mismatch]);
    await pass(rejectedBy(revert(data), "AnchorMismatch"));
    await pass(rejectedBy(revert(data), "AnchorTooDeep"));
    await pass(rejectedNot(revert(data), "AnchorTooShallow"));
  });

  it("sees which calls of a batch failed that does not revert: Multicall3, and viem's multicall", async () => {
    const set = probe.interface.encodeFunctionData("set", [1n]);
    const aggregate = (...datas: string[]) => () =>
      rethrower.getFunction("aggregate3").staticCall(datas.map((data) => [target, true, data])); // prettier-ignore
    await pass(accepted(aggregate(set, set)));
    await pass(rejectedBy(aggregate(set, reverting(NO_MARGIN), reverting(mismatch)), "AnchorMismatch"));
    expect(await failure(accepted(aggregate(set, reverting(NO_MARGIN), reverting(mismatch))))).to.equal(
      `Expected the transaction to be accepted by the guard, but call 1 of the batch reverted. Not a guard error: it reverted with the reason "no margin". And call 2 of the batch reverted. ${MISMATCH}`,
    );
    expect(await failure(rejectedBy(aggregate(set, reverting(NO_MARGIN))))).to.equal(
      'Expected the transaction to be rejected with a guard error, but call 1 of the batch reverted. Not a guard error: it reverted with the reason "no margin".',
    );
    const blockAndCalls = () => Promise.resolve([7n, CLAIMED, [{ success: false, returnData: mismatch }]]);
    await pass(rejectedBy(blockAndCalls, "AnchorMismatch"));
    const ofViem = () => Promise.resolve([{ status: "success", result: 1n }, { status: "failure", error: { cause: { raw: mismatch } } }]); // prettier-ignore
    await pass(rejectedBy(ofViem, "AnchorMismatch"));
    expect(await failure(rejectedNot(ofViem))).to.contain(`but call 1 of the batch reverted. ${MISMATCH}`);
  });

  it("compares values in a plain function as in the matcher, and refuses a name that is none", async () => {
    await assertRejectedByGuard(revert(mismatch), "AnchorMismatch", [41, CLAIMED, ACTUAL]);
    const values: Both = {
      chai: () => expect(revert(mismatch)()).to.be.rejectedByGuard("AnchorMismatch").withValues({ number: 42n, actual: ACTUAL }),
      plain: () => assertRejectedByGuard(revert(mismatch)(), "AnchorMismatch", { number: 42n, actual: ACTUAL }),
    }; // prettier-ignore
    expect(await failure(values)).to.equal(
      "Expected the guard error AnchorMismatch to carry other values: number is 41 instead of 42.",
    );
    const other = probe.interface.encodeErrorResult("AnchorMismatch", [42n, CLAIMED, ACTUAL]);
    const batch = () => Promise.resolve([mismatch, other].map((returnData) => ({ success: false, returnData })));
    const ofBatch = (number: bigint): Both => ({
      chai: () => expect(batch()).to.be.rejectedByGuard("AnchorMismatch").withValues({ number }),
      plain: () => assertRejectedByGuard(batch(), "AnchorMismatch", { number }),
    });
    for (const number of [41n, 42n]) await pass(ofBatch(number));
    expect(await failure(ofBatch(43n))).to.equal(
      "Expected the guard error AnchorMismatch to carry other values: number is 41 instead of 43. Expected the guard error AnchorMismatch to carry other values: number is 42 instead of 43.",
    );
    for (const run of [assertRejectedByGuard, assertRejectedByGuard.not]) {
      const message = await run(Promise.reject(new Error("offline")), "AnchorMissmatch" as GuardErrorName).catch((error: Error) => error.message); // prettier-ignore
      expect(message).to.match(/^"AnchorMissmatch" is not a guard error\. There are: ZeroAnchorHash, /);
    }
  });
});
