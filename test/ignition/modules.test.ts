import { readdirSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { keccak256, ZeroAddress, type Signer } from "ethers";
import { network } from "hardhat";

import arbitrumLedgerDesk from "../../ignition/modules/ArbitrumLedgerDesk.js";
import arbitrumSource from "../../ignition/modules/ArbitrumSource.js";
import finalizedHashes from "../../ignition/modules/FinalizedHashes.js";
import l1OriginSource from "../../ignition/modules/L1OriginSource.js";
import ledgerDesk from "../../ignition/modules/LedgerDesk.js";
import nativeSource from "../../ignition/modules/NativeSource.js";
import pinBoard from "../../ignition/modules/PinBoard.js";
import policyEngine from "../../ignition/modules/PolicyEngine.js";
import proofDesk from "../../ignition/modules/ProofDesk.js";
import proverHashes from "../../ignition/modules/ProverHashes.js";
import quorumSource from "../../ignition/modules/QuorumSource.js";
import recordedHashes from "../../ignition/modules/RecordedHashes.js";
import ringStateProver from "../../ignition/modules/RingStateProver.js";
import sourcedLedgerDesk from "../../ignition/modules/SourcedLedgerDesk.js";
import sourcedPinBoard from "../../ignition/modules/SourcedPinBoard.js";
import sourcedStandaloneGuard from "../../ignition/modules/SourcedStandaloneGuard.js";
import standaloneGuard from "../../ignition/modules/StandaloneGuard.js";
import stateProofLens from "../../ignition/modules/StateProofLens.js";
import type { Hex } from "../../src/core/bytes.js";
import { HISTORY_ADDRESS, installL1Block, showL1Origin } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { checkDeployment } from "../../src/index.js";
import type { ContractInput } from "../../src/index.js";
import { ARB_SYS, installAt } from "../../tools/sources/install.js";
import { RecordedHashes__factory } from "../../typechain-types/index.js";

const forks = hardhatForks(network);
const CHAIN_ID = 31_337;
const size = 100; // hashes

describe("the Ignition modules", () => {
  const deployed = new Set<string>();
  let chain: HardhatChain;

  afterEach(() => chain.close());
  after(() => {
    const modules = readdirSync(join(import.meta.dirname, "..", "..", "ignition", "modules"));
    expect([...deployed].sort()).to.deep.equal(modules.map((file) => file.replace(".ts", "")).sort());
  });

  /** Deploys a module, whose name is its contract's. @returns the address of the one contract in it */
  async function deploy(module: object & { id: string }, parameters: Record<string, unknown> = {}): Promise<string> {
    deployed.add(module.id);
    const options = { parameters: { [module.id]: parameters } as never };
    const contracts = await chain.tools.ignition.deploy(module as never, options);
    const [contract] = Object.values(contracts as Record<string, { getAddress(): Promise<string> }>);
    return contract!.getAddress();
  }

  it("deploy each contract that stands alone, and the check finds nothing wrong with one", async () => {
    chain = await forks.create();
    await chain.mine(260);
    const native = await deploy(nativeSource);
    const ring = await deploy(recordedHashes, { source: native, chainId: CHAIN_ID, size });
    // A quorum wants members that know a block.
    const [signer] = await chain.tools.ethers.getSigners();
    await RecordedHashes__factory.connect(ring, signer as Signer).record(chain.head.number);
    const members = [native, ring].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    const prover = await deploy(ringStateProver, {
      ring,
      homeChainId: CHAIN_ID,
      size,
      codeHash: keccak256(await chain.tools.ethers.provider.getCode(ring)),
    });
    const board = await deploy(pinBoard);
    const slots = { electra: 0, gloas: 10, until: 10 };
    const contracts: Record<string, ContractInput> = {
      guard: { kind: "standalone-guard", address: await deploy(standaloneGuard) },
      lens: { kind: "code", address: await deploy(stateProofLens) },
      engine: { kind: "code", address: await deploy(policyEngine) },
      board: { kind: "pin-board", address: board },
      proofs: { kind: "code", address: await deploy(proofDesk) },
      desk: { kind: "ledger-desk", address: await deploy(ledgerDesk, { pins: board }), pins: board },
      native: { kind: "source", address: native, source: { tier: "head" } },
      ring: { kind: "source", address: ring },
      quorum: { kind: "source", address: await deploy(quorumSource, { members, quorum: 2, memberGas: 100_000 }) },
      prover: { kind: "code", address: prover },
      vouched: { kind: "source", address: await deploy(proverHashes, { prover, chainId: 1, tier: 1, size }), source: { chainId: 1, tier: "safe" } }, // prettier-ignore
      finalized: { kind: "source", address: await deploy(finalizedHashes, { forks: slots, size }), source: { tier: "finalized" } }, // prettier-ignore
      sourcedDesk: {
        kind: "ledger-desk",
        pins: ZeroAddress,
        address: await deploy(sourcedLedgerDesk, { source: native, window: 8_191 }),
      },
      over: { kind: "standalone-guard", address: await deploy(sourcedStandaloneGuard, { source: native, window: 8_191 }) }, // prettier-ignore
      sourced: { kind: "code", address: await deploy(sourcedPinBoard, { source: native, chainId: CHAIN_ID, minDepth: 1 }) }, // prettier-ignore
    };
    const { checks } = await checkDeployment(chain.request, { deployment: { chainId: CHAIN_ID, contracts } });
    expect(checks.filter(({ outcome }) => outcome === "failed")).to.deep.equal([]);
    expect(checks.filter(({ outcome }) => outcome === "ok").map(({ check }) => check)).to.include.members(["tier", "source's chain", "digest", "pins", "source at head - 257"]); // prettier-ignore
  });

  it("deploy what is of Arbitrum and of the OP stack on their chains", async () => {
    chain = await forks.create({ chainId: 42_161 });
    await installAt(chain, ARB_SYS, "ArbSysOfHeight");
    await installAt(chain, HISTORY_ADDRESS, "ArbitrumRingOfHeight");
    await chain.request({ method: "hardhat_setStorageAt", params: [ARB_SYS, "0x0", `0x${"17d78400".padStart(64, "0")}`] }); // prettier-ignore
    for (const module of [arbitrumSource, arbitrumLedgerDesk]) expect(await deploy(module)).to.match(/^0x/);
    await chain.close();

    const l1 = await forks.create({ blocks: 5 });
    chain = await forks.create({ chainId: 10 });
    const standIn = await chain.tools.ethers.deployContract("L1BlockStandIn");
    await installL1Block(chain, (await chain.tools.ethers.provider.getCode(standIn)) as Hex);
    await showL1Origin({ l2: chain, l1, number: 3n });
    await l1.close();
    const address = await deploy(l1OriginSource);
    const source = { address, kind: "source", source: { chainId: 1, tier: "head" } } as const;
    const { checks } = await checkDeployment(chain.request, { deployment: { chainId: 10, contracts: { source } } });
    expect(checks.filter(({ outcome }) => outcome === "failed")).to.deep.equal([]);
    expect(checks.find(({ check }) => check === "source's chain")?.outcome).to.equal("ok");
  });
});
