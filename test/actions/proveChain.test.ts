import { expect } from "chai";
import { ethers } from "ethers";
import { network } from "hardhat";

import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { explain, hashHeader, proveChain, type Request } from "../../src/index.js";
import { rejected } from "../../tools/errors.js";
import { ARB_SYS } from "../../tools/sources/install.js";
import {
  ArbSysAnswers__factory,
  ArbSysTarget__factory,
  NativeSource__factory,
  SelfProvenStandaloneGuard__factory,
  SelfProvenTarget__factory,
  StandaloneGuard__factory,
} from "../../typechain-types/index.js";

const forks = hardhatForks(network);
const UNLISTED = 999_999_937;
const WORD = 64;

describe("proveChain", () => {
  let chain: HardhatChain;
  beforeEach(async () => {
    chain = await forks.create({ chainId: UNLISTED });
    await chain.mine(5);
  });
  afterEach(() => chain.close());

  /** The chain, whose calls answer with one word changed. */
  const lying = (position: number, word: string): Request => {
    return async (args) => {
      const answer = await chain.request(args);
      if (args.method !== "eth_call") return answer;
      const text = answer as string;
      return `${text.slice(0, 2 + WORD * position)}${word}${text.slice(2 + WORD * (position + 1))}`;
    };
  };

  it("SG-16: returns the header with which a guard is deployed on a chain that nobody listed", async () => {
    const [signer] = await chain.tools.ethers.getSigners();
    const { header, anchor } = await proveChain(chain.request);
    expect(hashHeader(header)).to.equal(anchor.hash);
    const target = await new SelfProvenTarget__factory(signer!).deploy(header);
    await target.act(anchor);
    // The header of another branch is refused by the contract, and explained.
    const other = await forks.create({ chainId: UNLISTED });
    await other.stall({ seconds: 30 });
    await other.mine(5);
    const foreign = await proveChain(other.request);
    const error = await new SelfProvenTarget__factory(signer!).deploy(foreign.header).then(() => undefined, (e: unknown) => e); // prettier-ignore
    expect(explain(error)).to.match(/^ChainUnproven: chain 999999937 .* fault \d \((hash|time)\)/);
    await other.close();
  });

  it("SG-16: the standalone guard stands there with that header, and without it nowhere", async () => {
    const [signer] = await chain.tools.ethers.getSigners();
    const { header, anchor } = await proveChain(chain.request);
    const guard = await new SelfProvenStandaloneGuard__factory(signer!).deploy(header);
    await guard.requireAnchored(anchor, 1, 256);
    for (const [Factory, ...args] of [
      [StandaloneGuard__factory],
      [NativeSource__factory],
      [SelfProvenStandaloneGuard__factory, "0x"],
    ] as const) {
      const deployment = new ethers.ContractFactory(Factory.abi, Factory.bytecode, signer).deploy(...args);
      const error = await deployment.then(() => undefined, (thrown: unknown) => thrown); // prettier-ignore
      expect(explain(error)).to.match(/^UnsupportedChain: chain 999999937 /);
    }
  });

  it("SG-16, C7: where ArbSys tells heights and hashes the opcodes are refused and ArbSys is not", async () => {
    const [signer] = await chain.tools.ethers.getSigners();
    const deployed = await new ArbSysAnswers__factory(signer!).deploy();
    await chain.request({ method: "hardhat_setCode", params: [ARB_SYS, await deployed.getDeployedCode()] });
    const arbSys = ArbSysAnswers__factory.connect(ARB_SYS, signer!);
    await chain.mine(3);
    const { number } = chain.head;
    await arbSys.setHead(number + 9n);
    for (let height = number - 2n; height <= number; height++) {
      const block = (await chain.request({ method: "eth_getBlockByNumber", params: [`0x${height.toString(16)}`, false] })) as { hash: string }; // prettier-ignore
      await arbSys.setHash(height, block.hash);
    }
    // Each transaction was a block. ArbSys knows the three before them, so the endpoint is to start there.
    const request: Request = async (args) =>
      args.method === "eth_blockNumber" ? `0x${(number + 2n).toString(16)}` : chain.request(args);
    const { header, anchor } = await proveChain(request, { source: "arbitrum" });
    expect(anchor.number).to.equal(number);
    const target = await new ArbSysTarget__factory(signer!).deploy(header);
    await target.act(anchor);

    // Words that anybody can compute, from an opcode that is not the chain's.
    const { details } = await rejected("CHAIN_UNPROVEN", proveChain(lying(1, "ab".repeat(32))));
    expect(details).to.deep.include({ fault: "hash", shown: `0x${"ab".repeat(32)}` });
  });

  it("SG-3: refuses a source that says something else or nothing, with both values", async () => {
    const zero = "00".repeat(32);
    const { number, hash } = (await proveChain(chain.request)).anchor;
    for (const [position, word, fault] of [
      [0, number.toString(16).padStart(64, "0"), "height"],
      [0, (number + 256n).toString(16).padStart(64, "0"), "height"],
      [0, zero, "height"],
      [1, zero, "hash"],
      [1, "cd".repeat(32), "hash"],
      [2, zero, "parent-hash"],
      [2, hash.slice(2), "parent-hash"],
    ] as const) {
      const { details } = await rejected("CHAIN_UNPROVEN", proveChain(lying(position, word)));
      expect(details.fault, `${position} ${word}`).to.equal(fault);
      expect(BigInt(details.shown)).to.equal(BigInt(`0x${word}`));
    }
    await proveChain(lying(0, (number + 255n).toString(16).padStart(64, "0")));
  });

  it("refuses a source that is none, and answers that are no words", async () => {
    await rejected("INVALID_OPTION", proveChain(chain.request, { source: "zksync" as never }));
    await rejected("INVALID_OPTION", proveChain(chain.request, { header: "0x" } as never));
    // Where there is no ArbSys.
    await rejected("INVALID_RESPONSE", proveChain(chain.request, { source: "arbitrum" }));
    const short: Request = async (args) => (args.method === "eth_call" ? "0x" : chain.request(args));
    await rejected("INVALID_RESPONSE", proveChain(short));
  });
});
