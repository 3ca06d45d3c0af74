import { expect } from "chai";
import { TypedDataEncoder, id, type Signer } from "ethers";
import { network } from "hardhat";

import {
  ANCHOR_TYPE,
  STATE_ANCHOR_TYPE,
  anchorDigest,
  hashAnchor,
  hashStateAnchor,
  type Hex,
  type StateAnchor,
} from "../../src/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { Delegator__factory, TypedDataHarness__factory, type TypedDataHarness } from "../../typechain-types/index.js";

const forks = hardhatForks(network);

describe("LiveEIP712 and AnchorTypes", () => {
  let chain: HardhatChain;
  let signer: Signer;
  let harness: TypedDataHarness;

  before(async () => {
    chain = await forks.create();
    signer = (await chain.tools.ethers.getSigners())[0] as Signer;
    harness = await new TypedDataHarness__factory(signer).deploy();
  });

  after(async () => {
    await chain.close();
  });

  const domainOf = async (
    contract: TypedDataHarness,
    chainId: bigint,
  ): Promise<{ name: string; version: string; chainId: bigint; verifyingContract: string }> => ({
    name: "Harness",
    version: "7",
    chainId,
    verifyingContract: await contract.getAddress(),
  });

  it("S8: hashes anchors as ethers and the TypeScript twin do, from the smallest to the largest", async () => {
    const [anchorType, stateAnchorType] = await harness.encodedTypes();
    expect(TypedDataEncoder.from({ Anchor: [...ANCHOR_TYPE] }).encodeType("Anchor")).to.equal(anchorType);
    expect(TypedDataEncoder.from({ StateAnchor: [...STATE_ANCHOR_TYPE] }).encodeType("StateAnchor")).to.equal(
      stateAnchorType,
    );
    for (const number of [0n, 1n, 2n ** 32n, 2n ** 64n - 1n]) {
      const anchor: StateAnchor = {
        number,
        hash: id(`hash ${number}`) as Hex,
        stateRoot: id(`root ${number}`) as Hex,
      };
      const plain = { number, hash: anchor.hash };
      const byEthers = TypedDataEncoder.hashStruct("Anchor", { Anchor: [...ANCHOR_TYPE] }, plain);
      expect(await harness.hashAnchor(plain)).to.equal(byEthers);
      expect(hashAnchor(plain)).to.equal(byEthers);
      const stateByEthers = TypedDataEncoder.hashStruct("StateAnchor", { StateAnchor: [...STATE_ANCHOR_TYPE] }, anchor);
      expect(await harness.hashStateAnchor(anchor)).to.equal(stateByEthers);
      expect(hashStateAnchor(anchor)).to.equal(stateByEthers);
      const domain = await domainOf(harness, 31_337n);
      expect(await harness.digest(plain)).to.equal(TypedDataEncoder.hash(domain, { Anchor: [...ANCHOR_TYPE] }, plain));
      expect(anchorDigest(domain, plain)).to.equal(await harness.digest(plain));
    }
  });

  it("S9: the domain is the executing contract's, behind a delegator too", async () => {
    const delegator = await new Delegator__factory(signer).deploy(harness);
    const behind = TypedDataHarness__factory.connect(await delegator.getAddress(), signer);
    const domain = await behind.eip712Domain();
    expect(domain.verifyingContract).to.equal(await delegator.getAddress());
    const anchor = { number: 5n, hash: chain.head.hash };
    expect(await behind.digest(anchor)).to.equal(
      TypedDataEncoder.hash(await domainOf(behind, 31_337n), { Anchor: [...ANCHOR_TYPE] }, anchor),
    );
    expect(await behind.digest(anchor)).not.to.equal(await harness.digest(anchor));
  });

  it("SG-10, F13: after a hard fork with a new chain id the deployed domain is the new chain's", async () => {
    const fork = await forks.hardFork(chain, { chainId: 10_001 });
    await fork.mine(1);
    const [there] = await fork.tools.ethers.getSigners();
    const sister = TypedDataHarness__factory.connect(await harness.getAddress(), there as Signer);
    const anchor = { number: 5n, hash: chain.head.hash };
    expect((await sister.eip712Domain()).chainId).to.equal(10_001n);
    expect(await sister.digest(anchor)).to.equal(
      TypedDataEncoder.hash(await domainOf(harness, 10_001n), { Anchor: [...ANCHOR_TYPE] }, anchor),
    );
    await fork.close();
  });
});
