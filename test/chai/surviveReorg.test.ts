import { expect, use } from "chai";
import { Wallet, parseEther, type Contract } from "ethers";
import { network } from "hardhat";

import { assertSameEffect, assertSurvivesReorg, type ReorgTrial } from "../../src/assert/index.js";
import { elsewhere } from "../../src/assert/branches.js";
import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import type { Hex } from "../../src/core/bytes.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import type { Request } from "../../src/rpc/request.js";
import { failure, messages, pass, type Both } from "../../tools/assertions.js";
import { rejected } from "../../tools/errors.js";
import { deployProbe, expectSimulatorError, probeOn } from "../../tools/forks.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const RECEIVER = `0x${"1e".repeat(20)}`;
const HASH = `0x${"a1".repeat(32)}`;
const MISMATCH =
  /AnchorMismatch: the action was prepared on another branch: at block \d+ it claims (0x[\da-f]{64}), and/;

type Trial = ReorgTrial<HardhatChain["tools"]>;
type Act = ((chain: HardhatChain) => Promise<unknown>) | string;

const survives = (act: Act, trial: Trial): Both => ({
  chai: () => expect(act).to.surviveReorg(trial),
  plain: () => assertSurvivesReorg(act, trial),
});
const survivesNot = (act: Act, trial: Trial): Both => ({
  chai: () => expect(act).not.to.surviveReorg(trial),
  plain: () => assertSurvivesReorg.not(act, trial),
});
/** What `BranchDependent` makes of its parent's hash. */
const lowOf = (hash: string): bigint => BigInt(hash) & 0xffffn;
const hexOf = (value: bigint): string => `0x${value.toString(16)}`;

async function fundedWallet(chain: HardhatChain): Promise<Wallet> {
  const [rich] = await chain.tools.ethers.getSigners();
  const { privateKey } = Wallet.createRandom();
  const wallet = new Wallet(privateKey, chain.tools.ethers.provider);
  await rich!.sendTransaction({ to: wallet.address, value: parseEther("1") });
  await chain.mine(4);
  return wallet;
}

async function signed(wallet: Wallet, fields: object): Promise<Hex> {
  const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n, gasLimit: 200_000n };
  return (await wallet.signTransaction(await wallet.populateTransaction({ ...fees, ...fields }))) as Hex;
}

describe("surviveReorg", function () {
  let chain: HardhatChain;
  let probe: Contract;
  let dependent: Contract;
  let trial: Trial;

  before(async () => {
    chain = await forks.create();
    probe = await deployProbe(chain);
    dependent = (await chain.tools.ethers.deployContract("BranchDependent")) as unknown as Contract;
    await chain.mine(4);
    trial = { on: chain, depth: 3, seed: "a" };
  });
  after(() => chain.close());

  const send =
    (name: string, ...args: unknown[]) =>
    (): Promise<unknown> =>
      dependent.getFunction(name).send(...args);
  const keep = send("keep", RECEIVER, { value: 3n });
  const anchored = (): Promise<unknown> => {
    const { number, hash } = chain.at(chain.head.number - 1n)!;
    return probe.getFunction("setAt").send(number, hash, 5n);
  };

  it("passes as the documents write it", async () => {
    const perps = probe;
    // #region reorg
    let size = 5n;
    const trade = async (): Promise<unknown> => {
      const anchor = await latestAnchor(chain, { depth: 2 });
      return perps.getFunction("setAt").send(anchor.number, anchor.hash, size++);
    };
    await expect(trade).to.surviveReorg({ on: chain, depth: 3 });
    await expect(trade).to.surviveReorg({ on: chain, depth: 3, effect: () => perps.getFunction("value").staticCall() });
    await assertSurvivesReorg(trade, { on: chain, depth: 1 });
    // #endregion reorg
  });

  it("passes for the same effect, and leaves the chain as after the act", async () => {
    const before = chain.head;
    await pass(survives(keep, trial));
    expect(chain.head.number).to.equal(before.number + 2n);
    expect(chain.at(before.number)).to.deep.equal(before);
    expect(await chain.tools.ethers.provider.getBalance(RECEIVER)).to.equal(6n);
    await expect({ chain, act: keep }).to.surviveReorg({ depth: 1 });
    expect(await failure(survivesNot(keep, { ...trial, depth: 1 }))).to.equal(
      "Expected the transaction not to survive a reorg of depth 1, but it has the same effect there.",
    );
  });

  it("passes for a revert by the guard, and says by what where that was not to be", async () => {
    await pass(survives(anchored, trial));
    for await (const message of messages(survivesNot(anchored, trial))) {
      const claimed = chain.at(chain.head.number - 2n)!.hash;
      expect(message).to.match(/^Expected the transaction not to survive a reorg of depth 3, but there it reverted\. /);
      expect(MISMATCH.exec(message)?.[1]).to.equal(claimed);
    }
  });

  it("fails for another value in a slot, in a log and in a balance, with both values", async () => {
    const address = (await dependent.getAddress()).toLowerCase();
    /** The values of the last act, on the branch that is back and on the one that was tried. */
    const lows = async (): Promise<[bigint, bigint]> => {
      const parent = chain.at(chain.head.number - 1n)!;
      // One seed gives one branch.
      const tried = await elsewhere(chain, { depth: 3, seed: "a" }, async () => chain.at(parent.number)!);
      return [lowOf(parent.hash), lowOf(tried.hash)];
    };
    const start = "Expected the transaction to survive a reorg of depth 3, but it has another effect there: ";
    for await (const message of messages(survives(send("store"), trial))) {
      const [old, fresh] = (await lows()).map(hexOf);
      expect(message).to.equal(
        `${start}slot 0x0 of ${address} is ${old} on the old branch and ${fresh} on the new one.`,
      );
    }
    const topic = dependent.interface.getEvent("Seen")!.topicHash;
    for await (const message of messages(survives(send("log"), trial))) {
      const [old, fresh] = (await lows()).map((low) => `by ${address} with the topics ${topic} and the data 0x${low.toString(16).padStart(64, "0")}`); // prettier-ignore
      expect(message).to.equal(`${start}log 0 is ${old} on the old branch and ${fresh} on the new one.`);
    }
    for await (const message of messages(survives(send("pay", RECEIVER, { value: 0xffff }), trial))) {
      const [old, fresh] = await lows();
      expect(message).to.contain(`balance of ${RECEIVER} is +${old} wei on the old branch and +${fresh} wei on the new one`); // prettier-ignore
      expect(message).to.contain(`balance of ${address} is +${0xffffn - old} wei on the old branch and +${0xffffn - fresh} wei on`); // prettier-ignore
      expect(message).to.match(/wei on the new one\.$/);
    }
    await pass(survivesNot(send("store"), trial));
  });

  it("takes a signed transaction, and passes where the node does not take it again", async () => {
    const wallet = await fundedWallet(chain);
    const nonce = await wallet.getNonce();
    const both = [0, 1].map((i) => signed(wallet, { to: RECEIVER, value: 1n, nonce: nonce + i }));
    const rivals = [0, 1].map((i) => signed(wallet, { to: RECEIVER, value: 2n, nonce: nonce + i, maxPriorityFeePerGas: 5n * 10n ** 9n })); // prettier-ignore
    const [first, second] = await Promise.all(both);
    const [rival, next] = await Promise.all(rivals);
    await assertSurvivesReorg(first!, { ...trial, add: [rival!] });
    await expect(second).to.surviveReorg({ ...trial, add: [rival!, next!] });
    const third = await signed(wallet, { to: RECEIVER, value: 1n, nonce: nonce + 2 });
    const last = await signed(wallet, { to: RECEIVER, nonce: nonce + 2, maxPriorityFeePerGas: 5n * 10n ** 9n });
    const negated = assertSurvivesReorg.not(third, { ...trial, add: [rival!, next!, last] });
    expect(await negated.catch((error: Error) => error.message)).to.match(
      /^Expected the transaction not to survive a reorg of depth 3, but the node does not take it there: .+\.$/,
    );
  });

  it("fails, negated or not, where the reorg shows nothing", async () => {
    const late = async () => {
      const sent = await keep();
      await chain.mine(3);
      await keep();
      return sent;
    };
    const unmined = async () => {
      await chain.mine();
      await chain.request({ method: "evm_setAutomine", params: [false] });
      const sent = await dependent.getFunction("keep").send(RECEIVER, { gasLimit: 100_000 });
      await chain.request({ method: "evm_setAutomine", params: [true] });
      return sent;
    };
    const cases: [Act, Partial<Trial>, RegExp][] = [
      [late, {}, /the reorg replaced the blocks after \d+, and it is in block \d+: take a greater depth\.$/],
      [keep, { keep: false }, /nobody sent it again: it is not among the transactions that come back\.$/],
      [() => probe.getFunction("setAt").send(chain.head.number, HASH, 1n), {}, /it had no effect that could be lost: it reverted\. AnchorMismatch: .*$/],
      [() => probe.getFunction("setAt").send(chain.head.number, HASH, 1n, { gasLimit: 90_000n }), {}, /it had no effect that could be lost: it reverted\. AnchorMismatch: .*$/],
      [async () => { throw new Error("offline"); }, {}, /it had no effect that could be lost: it never ran: offline\.$/],
      [async () => HASH, {}, new RegExp(`it never ran: the transaction ${HASH} is in no block\\.$`)],
      [unmined, {}, /it never ran: the transaction 0x[\da-f]{64} is in no block, for it waits in the pool\.$/],
    ]; // prettier-ignore
    for (const [act, how, ending] of cases)
      for (const both of [survives(act, { ...trial, ...how }), survivesNot(act, { ...trial, ...how })])
        for await (const message of messages(both)) expect(message).to.match(ending);
  });

  it("tries several branches where none is named, so that no coin toss survives by chance", async () => {
    const [signer] = await chain.tools.ethers.getSigners();
    // Logs PREVRANDAO & 1.
    const { hash } = await signer!.sendTransaction({ data: "0x69446001165f5260205fa05f52600a6016f3" });
    const { contractAddress } = (await chain.request({ method: "eth_getTransactionReceipt", params: [hash] })) as { contractAddress: string }; // prettier-ignore
    expect(await chain.request({ method: "eth_getCode", params: [contractAddress, "latest"] })).to.equal("0x446001165f5260205fa0"); // prettier-ignore
    const toss = () => signer!.sendTransaction({ to: contractAddress, gasLimit: 100_000 });
    const survived: string[] = [];
    for (const seed of ["a", "b", "c", "d", "e", "f"])
      await assertSurvivesReorg(toss, { ...trial, seed }).then(() => survived.push(seed), () => undefined); // prettier-ignore
    expect(survived).not.to.deep.equal([]);
    await pass(survivesNot(toss, { on: chain, depth: 3 }));
    await pass(survives(keep, { on: chain, depth: 3 }));
  });

  it("fails, negated or not, for what has no effect, and for what ran out of gas on the new branch", async () => {
    const [signer, other] = await chain.tools.ethers.getSigners();
    const nothing = () => signer!.sendTransaction({ to: signer!.address });
    for (const both of [survives(nothing, trial), survivesNot(nothing, trial)])
      for await (const message of messages(both))
        expect(message).to.match(
          /it had no effect that could be lost: nothing was logged, and nothing changed but fees/,
        );
    const drop: Hex[] = [];
    // The first to write pays for a new slot, and an estimate for the second has no gas for that.
    const tight = async () => {
      const to = (await deployProbe(chain)).getAddress();
      const data = probe.interface.encodeFunctionData("set", [7]);
      const first = await signer!.sendTransaction({ to, data });
      drop.splice(0, 1, first.hash as Hex);
      return other!.sendTransaction({ to, data: probe.interface.encodeFunctionData("set", [8]) });
    };
    for (const both of [
      survives(tight, { ...trial, depth: 2, drop }),
      survivesNot(tight, { ...trial, depth: 2, drop }),
    ])
      for await (const message of messages(both))
        expect(message).to.match(/there it ran out of gas, of which it had \d+: send it with more\.$/);
  });

  it("says why a transaction that came back waits in the pool: for a nonce, or for the base fee", async () => {
    const first = (await keep()) as { hash: Hex };
    const gap = await assertSurvivesReorg(keep, { ...trial, depth: 2, drop: [first.hash] }).catch((error: Error) => error.message); // prettier-ignore
    const { nonce } = (await chain.request({ method: "eth_getTransactionByHash", params: [first.hash] })) as { nonce: string }; // prettier-ignore
    expect(gap).to.equal(
      `Expected the transaction to survive a reorg of depth 2, but it waits in the pool: its nonce is ${Number(nonce) + 1}, and its sender's next one is ${Number(nonce)}.`,
    );

    const wallet = await fundedWallet(chain);
    const next = await wallet.getNonce();
    const burn = (i: number) => signed(wallet, { data: "0xfe", gasLimit: 16_000_000n, nonce: next + i });
    const add = await Promise.all([0, 1, 2].map(burn));
    const poor = async (): Promise<unknown> => {
      const { baseFeePerGas } = (await chain.request({ method: "eth_getBlockByNumber", params: ["pending", false] })) as { baseFeePerGas: string }; // prettier-ignore
      const fees = { maxFeePerGas: baseFeePerGas, maxPriorityFeePerGas: 0n, gasLimit: 100_000n };
      return dependent.getFunction("keep").send(RECEIVER, { ...fees, value: 3n });
    };
    const fee = await assertSurvivesReorg.not(poor, { ...trial, add }).catch((error: Error) => error.message);
    expect(fee).to.match(/, but it waits in the pool: it pays at most \d+ wei a gas, and the base fee is \d+\.$/);
  });

  it("throws where a test gives it nothing to try, and leaves the chain as it was", async () => {
    for (const run of Object.values(survives(async () => undefined, trial)))
      expect((await rejected("INVALID_MATCHER", Promise.resolve(run()))).message).to.equal(
        "An act returns the transaction that it sent: its hash, its response or its receipt.",
      );
    for (const act of [Promise.reject(new Error("offline")), undefined, { hash: HASH }]) {
      const runs = Object.values(survives(act as never, trial));
      for (const run of [...runs, () => assertSameEffect(act as never, { on: [chain, chain] })])
        expect((await rejected("INVALID_MATCHER", Promise.resolve(run()))).message).to.match(
          /^An act is a function that sends the transaction, or a signed transaction, and this is (undefined|an object)\.$/,
        );
    }
    await expect(assertSurvivesReorg(keep, { ...trial, depth: 0 })).to.be.rejectedWith(
      /^depth: expected a whole number from 1/,
    );
    await expectSimulatorError(assertSurvivesReorg(keep, { ...trial, depth: 10_000 }), /cannot roll it back to/);
    await pass(survives(keep, trial));
  });

  it("compares what a reader of effects reads, as plain data", async () => {
    const sent = await dependent.getFunction("seen").staticCall();
    const reading = (read: () => unknown): Trial => ({ ...trial, effect: async () => read() });
    await pass(survives(send("store"), reading(() => ({ of: [sent] })))); // prettier-ignore
    let count = 0n;
    for await (const message of messages(survives(keep, reading(() => ({ of: ++count }))))) // prettier-ignore
      expect(message).to.contain(`what was read is {"of":"${count - 1n}n"} on the old branch and {"of":"${count}n"} on the new one.`); // prettier-ignore
    const refused = await rejected(
      "INVALID_MATCHER",
      assertSurvivesReorg(
        keep,
        reading(() => new Map()),
      ),
    );
    expect(refused.message).to.contain("An effect is plain data");
  });
});

describe("haveSameEffectOn", function () {
  let majority: HardhatChain;
  let minority: HardhatChain;
  let wallet: Wallet;
  let probe: Contract;
  let dependent: Contract;

  before(async () => {
    const prepare = async (chain: HardhatChain) => {
      wallet = await fundedWallet(chain);
      probe = await deployProbe(chain);
      dependent = (await chain.tools.ethers.deployContract("BranchDependent")) as unknown as Contract;
    };
    const names = ["majority", "minority"];
    [majority, minority] = (await forks.partition({ names, prepare })) as [HardhatChain, HardhatChain];
    for (const chain of [majority, minority]) await chain.mine(3);
  });
  after(async () => {
    for (const chain of [majority, minority]) await chain.close();
  });

  const same = (act: Act): Both => ({
    chai: () => expect(act).to.haveSameEffectOn(majority, minority),
    plain: () => assertSameEffect(act, { on: [majority, minority] }),
  });
  const other = (act: Act): Both => ({
    chai: () => expect(act).not.to.haveSameEffectOn(majority, minority),
    plain: () => assertSameEffect.not(act, { on: [majority, minority] }),
  });
  const on = async (chain: HardhatChain, contract: Contract): Promise<Contract> =>
    contract.connect((await chain.tools.ethers.getSigners())[0]!) as Contract;
  const send =
    (name: string, ...args: unknown[]) =>
    async (chain: HardhatChain): Promise<unknown> =>
      (await on(chain, dependent)).getFunction(name).send(...args);

  it("passes for the same slot, log and payment, whatever was paid for gas", async () => {
    await pass(same(send("keep", RECEIVER, { value: 3n })));
    await minority.tools.networkHelpers.setNextBlockBaseFeePerGas(10n ** 10n);
    await assertSameEffect(send("keep", RECEIVER, { value: 3n }), { on: [majority, minority] });
    for await (const message of messages(other(send("keep", RECEIVER, { value: 3n }))))
      expect(message).to.equal(
        "Expected the transaction not to have the same effect on both chains, but it has the same on majority and minority.",
      );
  });

  it("fails for another effect with both values and both names, and passes negated", async () => {
    const address = (await dependent.getAddress()).toLowerCase();
    for await (const message of messages(same(send("store")))) {
      const [a, b] = [majority, minority].map((chain) => hexOf(lowOf(chain.at(chain.head.number - 1n)!.hash)));
      expect(message).to.equal(
        `Expected the transaction to have the same effect on both chains, but slot 0x0 of ${address} is ${a} on majority and ${b} on minority.`,
      );
    }
    await pass(other(send("store")));
  });

  it("tells a signed transaction that one branch alone takes, by the guard's error on the other", async () => {
    const nonce = await minority.tools.ethers.provider.getTransactionCount(wallet.address);
    const { number, hash } = minority.at(minority.head.number - 1n)!;
    const order = async (i: number): Promise<Hex> => {
      const { data, to } = await probe.getFunction("setAt").populateTransaction(number, hash, 5n);
      return signed(wallet, { data, to, nonce: nonce + i });
    };
    const [first, second, signedOrder] = [await order(0), await order(1), await order(2)];
    await assertSameEffect.not(first, { on: [majority, minority] });
    const message = await assertSameEffect(second, { on: [majority, minority] }).catch((error: Error) => error.message);
    expect(message).to.match(
      /^Expected the transaction to have the same effect on both chains, but on majority it reverted\. AnchorMismatch: .* And on minority it took effect\.$/,
    );
    expect(MISMATCH.exec(message!)?.[1]).to.equal(hash);
    // #region partition
    await expect(signedOrder).not.to.haveSameEffectOn(majority, minority);
    // #endregion partition
  });

  it("fails, negated or not, where no chain lets it through, or where it never ran on one", async () => {
    const refused = async (chain: HardhatChain): Promise<unknown> =>
      (await probeOn(chain, probe)).getFunction("setAt").send(chain.head.number, HASH, 1n);
    const once = async (chain: HardhatChain): Promise<unknown> => {
      if (chain === minority) throw new Error("offline");
      return send("keep", RECEIVER, { value: 3n })(chain);
    };
    for (const both of [same(refused), other(refused)])
      for await (const message of messages(both))
        expect(message).to.match(/but on majority it reverted\. AnchorMismatch: .* And on minority it reverted\. AnchorMismatch: /); // prettier-ignore
    for (const both of [same(once), other(once)])
      for await (const message of messages(both))
        expect(message).to.match(/but on majority it took effect\. And on minority it never ran: offline\.$/);
  });

  it("passes negated where one node does not take a signed transaction, and shows nothing where it has that already", async () => {
    const sister = await forks.create({ chainId: 99 });
    const nonce = await majority.tools.ethers.provider.getTransactionCount(wallet.address);
    const order = await signed(wallet, { to: RECEIVER, value: 1n, nonce, chainId: 31337n });
    const on = [majority, sister] as const;
    await assertSameEffect.not(order, { on });
    const next = await signed(wallet, { to: RECEIVER, value: 1n, nonce: nonce + 1, chainId: 31337n });
    expect(await assertSameEffect(next, { on }).catch((error: Error) => error.message)).to.match(
      /, but on majority it took effect\. And on \S+ it never ran: .*invalid chainId/,
    );
    await minority.request({ method: "eth_sendRawTransaction", params: [order] });
    await minority.request({ method: "eth_sendRawTransaction", params: [next] });
    const last = await signed(wallet, { to: RECEIVER, value: 1n, nonce: nonce + 2, chainId: 31337n });
    await minority.request({ method: "eth_sendRawTransaction", params: [last] });
    for (const run of [assertSameEffect, assertSameEffect.not])
      expect(await run(last, { on: [minority, majority] }).catch((error: Error) => error.message)).to.match(
        /on minority it never ran: .* And on majority it /,
      );
    await sister.close();
  });

  it("asks for a reader where a node does not trace, and uses it", async () => {
    const blind = ({ request, name }: HardhatChain): { request: Request; name: string } => ({
      name,
      request: (args) =>
        args.method === "debug_traceTransaction" ? Promise.reject(new Error("no such method")) : request(args),
    });
    const chains = [blind(majority), blind(minority)] as const;
    const act = async ({ name }: { name: string }): Promise<unknown> =>
      send("store")(name === "majority" ? majority : minority);
    const refused = await rejected("INVALID_MATCHER", assertSameEffect(act, { on: chains }));
    expect(refused.message).to.contain("give an effect that reads it");
    await assertSameEffect(act, { on: chains, effect: async () => "as good as the same" });
    await expect(act).not.to.haveSameEffectOn(...chains, async ({ name }) => name);
  });
});
