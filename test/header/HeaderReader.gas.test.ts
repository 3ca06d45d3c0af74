import { expect } from "chai";
import type { BaseContract } from "ethers";
import { network } from "hardhat";

import { type Hex } from "../../src/core/bytes.js";
import { decodeHeader, hashHeader } from "../../src/header/header.js";
import { BUILDS, compile } from "../../tools/compile.js";
import { SOURCES } from "../../tools/targets.js";
import { deployGasMeter, type GasMeter } from "../../tools/gas.js";
import { sampleHeader } from "../../tools/headers.js";
import { needVectors, readHeaderVectors } from "../../tools/vectors.js";

// Execution gas of a call, dispatch and ABI decoding included. "nothing" is a function of the same arguments that does
// nothing.
describe("The gas of HeaderReader", function () {
  const headers: { title: string; rlp: Hex }[] = [];

  before(function () {
    needVectors(this);
    const { honest } = readHeaderVectors();
    const ofSize = (size: number): Hex => honest.find(({ rlp }) => rlp.length === 2 + 2 * size)!.rlp;
    headers.push({ title: "609 B, Cancun", rlp: ofSize(609) });
    const before = honest.find(({ file, fields }) => file === "real/mainnet.json" && fields === 16)!;
    headers.push({ title: "650 B, Prague", rlp: ofSize(650) });
    headers.push({ title: `${before.rlp.length / 2 - 1} B, before the merge`, rlp: before.rlp });
    headers.push({ title: "23 fields, Amsterdam", rlp: sampleHeader(23) });
  });

  for (const build of BUILDS) {
    it(`${build.name}: checking a state anchor against its header stays within its budget`, async function () {
      const { ethers } = await network.create();
      const artifacts = await compile(SOURCES.headersGas, build);
      const [signer] = await ethers.getSigners();
      const deploy = async (name: string): Promise<BaseContract> =>
        new ethers.ContractFactory(artifacts[name]!.abi, artifacts[name]!.bytecode, signer).deploy();
      const [verifying, authenticating, reading, nothing] = [
        await deploy("HeaderReaderGas"),
        await deploy("AuthenticateGas"),
        await deploy("ReadGas"),
        await deploy("NothingGas"),
      ];
      const meter: GasMeter = await deployGasMeter(ethers);

      for (const { title, rlp } of headers) {
        const { number, stateRoot } = decodeHeader(rlp);
        const anchor = { number, hash: hashHeader(rlp), stateRoot };
        const verify = await meter.measure(verifying, "verifyStateAnchor", [rlp, anchor]);
        const authenticate = await meter.measure(authenticating, "authenticate", [rlp, anchor.number, anchor.hash]);
        const noop = await meter.measure(nothing, "verifyStateAnchor", [rlp, anchor]);
        const read = await meter.measure(reading, "read", [rlp]);
        console.log(
          `        ${title}: verifyStateAnchor ${verify}, authenticate ${authenticate}, nothing ${noop}, strict read ${read}`,
        );
        if (build.viaIR) expect(verify, title).to.be.at.most(1_100);
      }
    });
  }
});
