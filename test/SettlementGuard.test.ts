import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import { latestStateAnchor } from "../src/actions/latestAnchor.js";
import { revertDataOf } from "../src/chai/index.js";
import { decodeGuardError } from "../src/explain/guardErrors.js";
import { hardhatForks, type HardhatChain } from "../src/hardhat/index.js";
import {
  AnchoredTarget__factory,
  AskingTarget__factory,
  NativeChainsHarness__factory,
  RingTarget__factory,
  Delegator__factory,
  SourcedTarget__factory,
  StandaloneGuard__factory,
} from "../typechain-types/index.js";
import { MAX_DEPTH, MIN_DEPTH, shouldBehaveLikeGuard, type GuardUnderTest } from "./guard.behavior.js";
import { BUILDS, compile, type Build } from "../tools/compile.js";
import { signerOf } from "../tools/sources/install.js";
import { SOURCES } from "../tools/targets.js";

const forks = hardhatForks(network);
const ZERO = `0x${"00".repeat(32)}`;
const PROXY = "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

/** One chain for the whole matrix. 8,200 blocks take a moment to mine, and the guard has no storage to share. */
let shared: Promise<HardhatChain> | undefined;
async function longChain(): Promise<HardhatChain> {
  shared ??= forks.create({ name: "long", history: "storage" }).then(async (chain) => {
    await chain.mine(8_200, { history: "at-end" });
    return chain;
  });
  return shared;
}

/** Deploys the target as `build` makes it, and what `wrap` puts before it. */
function deployed(build: Build, wrap?: "delegatecall" | "ERC-1967 proxy"): () => Promise<GuardUnderTest> {
  return async () => {
    const chain = await longChain();
    const signer = await signerOf(chain);
    const artifacts = {
      ...(await compile(SOURCES.guard, build)),
      ...(wrap === "ERC-1967 proxy" ? await compile([PROXY], build) : {}),
    };
    const deploy = async (name: string, args: unknown[]): Promise<string> => {
      const { abi, bytecode } = artifacts[name] as { abi: string[]; bytecode: string };
      const contract = await new chain.tools.ethers.ContractFactory(abi, bytecode, signer).deploy(...args);
      await contract.waitForDeployment();
      return contract.getAddress();
    };
    let address = await deploy("AnchoredTarget", [MIN_DEPTH, MAX_DEPTH]);
    if (wrap === "delegatecall") address = await deploy("Delegator", [address]);
    if (wrap === "ERC-1967 proxy") address = await deploy("ERC1967Proxy", [address, id("actions()").slice(0, 10)]);
    return { chain, signer, target: AnchoredTarget__factory.connect(address, signer) };
  };
}

/** Puts bytecode at an address of its own. */
async function install(chain: HardhatChain, index: number, code: string): Promise<string> {
  const address = `0x${index.toString(16).padStart(38, "a")}01`;
  await chain.request({ method: "hardhat_setCode", params: [address, code] });
  return address;
}

describe("on a chain of 8,200 blocks", () => {
  after(async () => {
    await (await shared)?.close();
  });

  for (const build of BUILDS) shouldBehaveLikeGuard(`inherited (${build.name})`, deployed(build));
  for (const build of BUILDS)
    shouldBehaveLikeGuard(`under delegatecall (${build.name})`, deployed(build, "delegatecall"));
  // OpenZeppelin's proxy needs a newer compiler than the floor.
  for (const build of BUILDS.slice(1))
    shouldBehaveLikeGuard(`behind an ERC-1967 proxy (${build.name})`, deployed(build, "ERC-1967 proxy"));

  describe("SettlementGuard", () => {
    it("C2: works in the first blocks of a chain, where 256 blocks back is before genesis", async () => {
      const chain = await forks.create();
      const signer = await signerOf(chain);
      const target = await new AnchoredTarget__factory(signer).deploy(1, 8_191);
      const genesis = chain.at(0n);
      await (await target.act({ number: 0, hash: genesis?.hash ?? "0x" })).wait();
      expect(await target.actions()).to.equal(1n);
      await chain.close();
    });

    it("SG-2: a smallest depth of zero does not let the executing block in", async () => {
      const chain = await forks.create();
      const signer = await signerOf(chain);
      const target = await new AnchoredTarget__factory(signer).deploy(0, 2n ** 64n - 1n);
      const executing = chain.head.number + 1n;
      const data = await target.act({ number: executing, hash: `0x${"11".repeat(32)}` }).catch(revertDataOf);
      expect(decodeGuardError(String(data))?.name).to.equal("AnchorIsCurrentBlock");
      await (await target.act(chain.head)).wait();
      expect(await target.actions()).to.equal(1n);
      await chain.close();
    });

    it("C5, C6: beyond the window the ring holds another block, and the source's own refusal is out of the window", async () => {
      const chain = await longChain();
      const target = await new AnchoredTarget__factory(await signerOf(chain)).deploy(1, 2n ** 64n - 1n);
      const executing = chain.head.number + 1n;
      const beyond = executing - 8_192n;
      // The slot of this block now holds the hash of the one 8,191 blocks later.
      for (const hash of [chain.at(beyond)?.hash, chain.at(beyond + 8_191n)?.hash]) {
        await expect(target.act({ number: beyond, hash: hash ?? "0x" }))
          .to.be.rejectedByGuard("AnchorOutOfWindow")
          .withValues(beyond, executing, 8_191n);
      }
      expect(await target.actions()).to.equal(0n);
    });

    it("A15, SG-2: a number of more than 64 bits is never truncated to one that would pass", async () => {
      const chain = await forks.create();
      const signer = await signerOf(chain);
      const target = await new AnchoredTarget__factory(signer).deploy(1, 2n ** 64n - 1n);
      await chain.mine(3);
      const { number, hash } = chain.head;
      const call = target.interface.encodeFunctionData("act", [{ number, hash }]);
      const word = (value: bigint): string => value.toString(16).padStart(64, "0");
      for (const dirty of [2n ** 64n + number, 2n ** 255n + number, 2n ** 256n - 1n, 2n ** 256n - number]) {
        const data = `0x${call.slice(2, 10)}${word(dirty)}${hash.slice(2)}`;
        await expect(signer.sendTransaction({ to: target, data })).to.revert(chain.tools.ethers);
      }
      expect(await target.actions()).to.equal(0n);
      await (await signer.sendTransaction({ to: target, data: call })).wait();
      expect(await target.actions()).to.equal(1n);
      await chain.close();
    });

    it("A10, SG-14: a preview in a simulation agrees with the call in the same simulation, at the newest block and at the next", async () => {
      const chain = await forks.create();
      const target = await new AnchoredTarget__factory(await signerOf(chain)).deploy(1, 256);
      await chain.mine(3);
      const reasons: string[] = [];
      for (const blockTag of ["latest", "pending"]) {
        const [allowed, reason] = await target.previewAnchored(chain.head, { blockTag });
        const data = await target.act.staticCall(chain.head, { blockTag }).then(() => "0x", revertDataOf);
        expect(reason).to.equal(data);
        expect(allowed).to.equal(data === "0x");
        reasons.push(reason);
      }
      // Which block a node simulates in decides: an anchor at the head itself holds in the next block only.
      expect(decodeGuardError(reasons[0] ?? "")?.name).to.equal("AnchorIsCurrentBlock");
      expect(reasons[1]).to.equal("0x");
      await chain.close();
    });

    it("SG-16, C7: refuses to be deployed where BLOCKHASH and NUMBER mean something else, and where it does not know", async () => {
      for (const chainId of [42_161, 42_170, 324, 999_999_937]) {
        const chain = await forks.create({ chainId });
        const signer = await signerOf(chain);
        const data = await new AnchoredTarget__factory(signer).deploy(1, 256).then(() => undefined, revertDataOf);
        expect(decodeGuardError(String(data))).to.deep.equal({
          name: "UnsupportedChain",
          values: { chainId: BigInt(chainId) },
        });
        await chain.close();
      }
    });

    it("a contract behind a delegator keeps its state, and the guard adds none", async () => {
      const chain = await forks.create();
      const signer = await signerOf(chain);
      const implementation = await new AnchoredTarget__factory(signer).deploy(1, 256);
      const delegator = await new Delegator__factory(signer).deploy(implementation);
      const target = AnchoredTarget__factory.connect(await delegator.getAddress(), signer);
      await (await target.act(chain.head)).wait();
      expect(await target.actions()).to.equal(1n);
      expect(await implementation.actions()).to.equal(0n);
      for (const slot of [1, 2, 3]) {
        expect(await chain.tools.ethers.provider.getStorage(await delegator.getAddress(), slot)).to.equal(
          `0x${"00".repeat(32)}`,
        );
      }
      await chain.close();
    });
  });

  describe("StandaloneGuard", () => {
    it("SG-14: answers as the mixin does, for every anchor and every bound, and takes the bounds from its caller", async () => {
      const chain = await longChain();
      const signer = await signerOf(chain);
      const standalone = await new StandaloneGuard__factory(signer).deploy();
      const bounds = [
        [1n, 256n],
        [2n, 8_191n],
        [300n, 299n],
        [0n, 0n],
        [0n, 2n ** 64n - 1n],
      ] as const;
      let allowed = 0;
      for (const [minDepth, maxDepth] of bounds) {
        const mixin = await new AnchoredTarget__factory(signer).deploy(minDepth, maxDepth);
        const { anchor: state, header } = await latestStateAnchor(chain.request, { depth: 5 });
        const executing = chain.head.number + 1n;
        const hashes = [ZERO, `0x${"be".repeat(32)}`, undefined];
        for (const depth of [-1n, 0n, 1n, 2n, 256n, 257n, 299n, 300n, 8_191n, 8_192n]) {
          for (const hash of hashes) {
            const number = executing - depth;
            const anchor = { number, hash: hash ?? chain.at(number)?.hash ?? ZERO };
            const expected = [...(await mixin.previewAnchored(anchor, { blockTag: "pending" }))];
            const actual = [...(await standalone.previewAnchored(anchor, minDepth, maxDepth, { blockTag: "pending" }))];
            expect(actual, `depth ${depth}, bounds ${minDepth} to ${maxDepth}`).to.deep.equal(expected);
            const reverts = await standalone
              .requireAnchored(anchor, minDepth, maxDepth, { blockTag: "pending" })
              .then(() => "0x", revertDataOf);
            expect(reverts).to.equal(expected[1]);
            allowed += Number(expected[0]);
          }
        }
        for (const anchor of [state, { ...state, stateRoot: ZERO }, { ...state, hash: ZERO }]) {
          const expected = [...(await mixin.previewAnchoredState(anchor, header, { blockTag: "pending" }))];
          const actual = await standalone.previewAnchoredState(anchor, header, minDepth, maxDepth, {
            blockTag: "pending",
          });
          expect([...actual]).to.deep.equal(expected);
          const reverts = await standalone
            .requireAnchoredState(anchor, header, minDepth, maxDepth, { blockTag: "pending" })
            .then(() => "0x", revertDataOf);
          expect(reverts).to.equal(expected[1]);
        }
      }
      expect(allowed, "anchors that were let through").to.be.greaterThan(10);
    });

    for (const build of BUILDS)
      it(`A24: no answer is no pass, for a caller through the interface that compares or does not (${build.name})`, async () => {
        const chain = await longChain();
        const signer = await signerOf(chain);
        const artifacts = await compile(SOURCES.guard, build);
        const deploy = async (name: string, ...args: unknown[]): Promise<string> => {
          const { abi, bytecode } = artifacts[name] as { abi: string[]; bytecode: string };
          return (await new chain.tools.ethers.ContractFactory(abi, bytecode, signer).deploy(...args)).getAddress();
        };
        const nobody = "0x000000000000000000000000000000000000dead";
        const strangers = {
          "an address without code": nobody,
          "a proxy to nothing": await deploy("Delegator", nobody),
          "a contract without the function": await deploy("NativeChainsHarness"),
          // What follows answers: 31 bytes, a word of zeros, and either magic value with dirty bits behind it.
          "half a word": await install(chain, 1, "0x601f5ff3"),
          "a word of zeros": await install(chain, 2, "0x60205ff3"),
          "the magic value, dirty": await install(chain, 3, "0x5f355f52600160045360205ff3"),
        };
        const { anchor: state, header } = await latestStateAnchor(chain.request);
        const { number, hash } = state;
        for (const name of ["AskingTarget", "CarelessTarget"] as const) {
          const target = AskingTarget__factory.connect(await deploy(name), signer);
          for (const [what, stranger] of Object.entries(strangers)) {
            // Without a comparison nothing but an answer's shape is checked.
            if (name === "CarelessTarget" && what === "a word of zeros") continue;
            await expect(target.act(stranger, { number, hash }), what).to.revert(chain.tools.ethers);
            await expect(target.actOnState(stranger, state, header), what).to.revert(chain.tools.ethers);
          }
          expect(await target.actions()).to.equal(0n);
          const guard = await new StandaloneGuard__factory(signer).deploy();
          await target.act(guard, { number, hash });
          await target.actOnState(guard, state, header);
          await expect(target.act(guard, { number, hash: ZERO })).to.be.rejectedByGuard("ZeroAnchorHash");
          expect(await target.actions()).to.equal(2n);
        }
      });

    it("A24: answers with the selector of the function that was asked", async () => {
      const chain = await longChain();
      const signer = await signerOf(chain);
      const guard = await new StandaloneGuard__factory(signer).deploy();
      const { anchor: state, header } = await latestStateAnchor(chain.request);
      const selectorOf = (signature: string): string => id(signature).slice(0, 10);
      expect(await guard.requireAnchored({ number: state.number, hash: state.hash }, 1, 256)).to.equal(
        selectorOf("requireAnchored((uint64,bytes32),uint64,uint64)"),
      );
      expect(await guard.requireAnchoredState(state, header, 1, 256)).to.equal(
        selectorOf("requireAnchoredState((uint64,bytes32,bytes32),bytes,uint64,uint64)"),
      );
      // As documented: an echo answers so as well. Which address it asks is for the caller to know.
      const target = await new AskingTarget__factory(signer).deploy();
      await target.act("0x0000000000000000000000000000000000000004", { number: 1, hash: ZERO });
      expect(await target.actions()).to.equal(1n);
    });

    it("SG-11: knows the same errors as the mixin", async () => {
      const chain = await longChain();
      const standalone = await new StandaloneGuard__factory(await signerOf(chain)).deploy();
      const selectors: string[] = [];
      standalone.interface.forEachError(({ selector }) => selectors.push(selector));
      expect(selectors).to.have.length(23);
      for (const selector of selectors) expect(await standalone.isGuardError(selector)).to.equal(true);
      expect(await standalone.isGuardError("0x08c379a0")).to.equal(false);
    });

    it("SG-11: takes no other four bytes for an error: one bit beside it, or half of it and half of another", async () => {
      const chain = await longChain();
      const standalone = await new StandaloneGuard__factory(await signerOf(chain)).deploy();
      const selectors: string[] = [];
      standalone.interface.forEachError(({ selector }) => selectors.push(selector));
      const flipped = (selector: string, bit: number): string =>
        `0x${((BigInt(selector) ^ (1n << BigInt(bit))) & 0xffffffffn).toString(16).padStart(8, "0")}`;
      const others = selectors.flatMap((selector) => [
        ...[0, 31].map((bit) => flipped(selector, bit)),
        ...selectors.map((next) => `0x${selector.slice(6)}${next.slice(2, 6)}`),
      ]);
      for (const other of others) expect(await standalone.isGuardError(other), other).to.equal(false);
    });
  });
});

describe("NativeChains", () => {
  it("SG-16, C7: holds the chains that are documented, and none beside them", async () => {
    const chain = await forks.create();
    const harness = await new NativeChainsHarness__factory(await signerOf(chain)).deploy();
    const ethereum = [1, 11_155_111, 17_000, 560_048];
    const opStack = [
      ...[10, 11_155_420, 8_453, 84_532, 57_073, 763_373, 130, 1_301, 480, 4_801, 34_443, 919, 7_777_777, 999_999_999],
      ...[1_868, 1_946, 42_220],
    ];
    const others = [100, 10_200, 137, 80_002, 56, 97, 80_094];
    for (const chainId of [...ethereum, ...opStack, ...others, 31_337, 1_337])
      expect(await harness.contains(chainId), String(chainId)).to.equal(true);
    // Other opcodes, other headers, or simply not looked at: Arbitrum, an Orbit chain, ZKsync Era, ETC, ETHPoW, …
    const refused = [43_114, 59_144, 534_352, 146, 5_000, 999, 747_474];
    for (const chainId of [
      ...[0, 2, 42_161, 42_170, 421_614, 333_333, 324, 61, 10_001, ...refused],
      // Beside what a lane holds, or longer than it.
      ...[0x0000000a_00aa37dcn, (1n << 32n) + 1n, 10n << 224n, 2n ** 256n - 1n],
    ])
      expect(await harness.contains(chainId), String(chainId)).to.equal(false);
    await chain.close();
  });
});

describe("a chain with a source of its own", () => {
  it("uses the number, the hashes and the window that the contract says, and SG-3: zero is unknown", async () => {
    const chain = await forks.create({ chainId: 42_161 });
    const target = await new SourcedTarget__factory(await signerOf(chain)).deploy();
    const hash = `0x${"ab".repeat(32)}`;
    await (await target.setHead(1_000_000, 50)).wait();
    await (await target.setHash(999_990, hash)).wait();

    await (await target.act({ number: 999_990, hash })).wait();
    expect(await target.actions()).to.equal(1n);
    await expect(target.act({ number: 999_991, hash }))
      .to.be.rejectedByGuard("AnchorHashUnknown")
      .withValues(999_991n, 1_000_000n);
    await expect(target.act({ number: 999_949, hash }))
      .to.be.rejectedByGuard("AnchorOutOfWindow")
      .withValues(999_949n, 1_000_000n, 50n);
    await expect(target.act(chain.head)).to.be.rejectedByGuard();
    await chain.close();
  });

  it("SG-1, C5: a source that is a ring is never asked outside its window, where it holds another block", async () => {
    const chain = await forks.create();
    const target = await new RingTarget__factory(await signerOf(chain)).deploy();
    const head = 1_000_000n;
    await target.fill(head);
    const hash = await target.hashOf(head - 10n);
    await target.act({ number: head - 10n, hash });
    const wrapped = { number: head - 60n, hash };
    const [allowed, reason] = await target.previewAnchored(wrapped);
    expect(allowed).to.equal(false);
    expect(decodeGuardError(reason)?.name).to.equal("AnchorOutOfWindow");
    await expect(target.act(wrapped)).to.be.rejectedByGuard("AnchorOutOfWindow").withValues(wrapped.number, head, 50n);
    await target.act({ number: head - 50n, hash: await target.hashOf(head - 50n) });
    expect(await target.actions()).to.equal(2n);
    await chain.close();
  });

  it("H2: a genuine header under another number is refused, where even the source confirms its hash", async () => {
    const chain = await forks.create();
    const target = await new SourcedTarget__factory(await signerOf(chain)).deploy();
    await chain.mine(5);
    const { anchor, header } = await latestStateAnchor(chain.request);
    await target.setHead(1_000, 100);
    await target.setHash(990, anchor.hash);
    await expect(target.actOnState({ ...anchor, number: 990n }, header))
      .to.be.rejectedByGuard("HeaderNumberMismatch")
      .withValues(990n, anchor.number);
    await chain.close();
  });
});
