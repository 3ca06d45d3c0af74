import { expect } from "chai";
import { AbiCoder, concat, getCreate2Address, keccak256, type Signer } from "ethers";
import { network } from "hardhat";

import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { create2AddressOf, deployAt, type Hex, type Request } from "../../src/index.js";
import { PROXY, installProxy } from "../../tools/deployment.js";
import { rejected } from "../../tools/errors.js";
import {
  NativeSource__factory,
  PolicyEngine__factory,
  RecordedHashes__factory,
  StandaloneGuard__factory,
} from "../../typechain-types/index.js";

const forks = hardhatForks(network);
const SALT: Hex = `0x${"5a".repeat(32)}`;
const WRONG: Hex = `0x${"be".repeat(32)}`;
const initCode = StandaloneGuard__factory.bytecode;

describe("deployAt", () => {
  let chain: HardhatChain;
  let from: string;
  let sent: number;
  const request: Request = (args) => {
    if (args.method === "eth_sendTransaction") sent += 1;
    return chain.request(args);
  };

  const start = async (chainId = 31_337): Promise<void> => {
    chain = await forks.create({ chainId });
    from = await ((await chain.tools.ethers.getSigners())[0] as Signer).getAddress();
    sent = 0;
  };
  beforeEach(() => start());
  afterEach(() => chain.close());

  it("puts each contract of the package where the formula says, and says so when it is there already", async () => {
    await installProxy(chain.request, from);
    const ring = AbiCoder.defaultAbiCoder().encode(
      ["address", "uint256", "uint256"],
      [create2AddressOf(NativeSource__factory.bytecode, SALT), 31_337, 100],
    );
    const codes = [
      initCode,
      PolicyEngine__factory.bytecode,
      NativeSource__factory.bytecode,
      concat([RecordedHashes__factory.bytecode, ring]) as Hex,
    ];
    for (const code of codes) {
      const address = getCreate2Address(PROXY, SALT, keccak256(code)).toLowerCase();
      expect(create2AddressOf(code, SALT)).to.equal(address);
      sent = 0;
      const first = await deployAt(request, { initCode: code, salt: SALT.toUpperCase().replace("0X", "0x"), from });
      expect(first).to.deep.equal({ address, codeHash: first.codeHash, outcome: "deployed" });
      expect(first.codeHash).to.equal(keccak256(await chain.tools.ethers.provider.getCode(address)));
      const { codeHash } = first;
      const again = await deployAt(request, { initCode: code, salt: SALT, from, codeHash });
      expect([again, sent]).to.deep.equal([{ ...first, outcome: "already there" }, 1]);
    }
  });

  it("deploys what a factory makes, as the documents show it", async () => {
    await installProxy(chain.request, from);
    const [provider, salt] = [request, SALT];
    // #region deploy
    const { data: initCode } = await new StandaloneGuard__factory().getDeployTransaction();
    const { address, codeHash, outcome } = await deployAt(provider, { initCode, salt, from });
    // #endregion deploy
    expect([address, outcome]).to.deep.equal([create2AddressOf(initCode, salt), "deployed"]);
    expect(codeHash).to.equal(keccak256(await chain.tools.ethers.provider.getCode(address)));
  });

  it("takes an account that signs elsewhere", async () => {
    await installProxy(chain.request, from);
    const [, signer] = (await chain.tools.ethers.getSigners()) as Signer[];
    const send = async (transaction: { to: Hex; data: Hex }) => (await signer!.sendTransaction(transaction)).hash;
    expect((await deployAt(request, { initCode, salt: SALT, send })).outcome).to.equal("deployed");
  });

  it("refuses where the proxy is missing, or another contract is in its place, and sends nothing", async () => {
    const missing = await rejected("DEPLOYMENT_REFUSED", deployAt(request, { initCode, salt: SALT, from }));
    expect(missing.details.reason).to.match(/^no contract is at 0x4e59/);
    await chain.request({ method: "hardhat_setCode", params: [PROXY, "0x6001600155"] });
    const other = await rejected("DEPLOYMENT_REFUSED", deployAt(request, { initCode, salt: SALT, from }));
    expect(other.details.reason).to.match(/^another contract is at 0x4e59/);
    expect(sent).to.equal(0);
  });

  it("refuses other code than was expected, before and after", async () => {
    await installProxy(chain.request, from);
    const options = { initCode, salt: SALT, from, codeHash: WRONG };
    for (const count of [1, 1]) {
      const { details } = await rejected("DEPLOYMENT_REFUSED", deployAt(request, options));
      expect(details.reason).to.match(/hashes to 0x[0-9a-f]{64}, not to 0xbebe/);
      expect(sent).to.equal(count);
    }
  });

  it("SG-16: sends nothing where the constructor refuses the chain", async () => {
    await chain.close();
    await start(999_999_937);
    await installProxy(chain.request, from);
    await rejected("RPC_FAILED", deployAt(request, { initCode, salt: SALT, from }));
    expect(sent).to.equal(0);
  });

  it("refuses a transaction that failed, and one that never comes", async () => {
    await installProxy(chain.request, from);
    const failing: Request = async (args) => {
      const answer = await request(args);
      return args.method === "eth_getTransactionReceipt" ? { ...(answer as object), status: "0x0" } : answer;
    };
    const failed = await rejected("DEPLOYMENT_REFUSED", deployAt(failing, { initCode, salt: SALT, from }));
    expect(failed.details.reason).to.match(/failed$/);
    const lost = { initCode, salt: WRONG, send: () => Promise.resolve(WRONG), patience: 1 };
    const { details } = await rejected("DEPLOYMENT_REFUSED", deployAt(request, lost));
    expect(details.reason).to.match(/no receipt of 0xbe.* after 1 ms/);
    await rejected("INVALID_HEX", deployAt(request, { ...lost, send: () => Promise.resolve("0x12") }));
  });

  it("refuses options that it cannot use, before anything is asked", async () => {
    const nothing: Request = () => Promise.reject(new Error("nothing is to be asked"));
    await rejected("INVALID_OPTION", deployAt(nothing, { initCode, salt: SALT }));
    await rejected(
      "INVALID_OPTION",
      deployAt(nothing, { initCode, salt: SALT, from, send: () => Promise.resolve("") }),
    );
    await rejected("INVALID_OPTION", deployAt(nothing, { initCode, salt: SALT, from, value: 1n } as never));
    await rejected("INVALID_HEX", deployAt(nothing, { initCode, salt: "0x5a", from }));
    await rejected("INVALID_HEX", deployAt(nothing, { initCode: "6000", salt: SALT, from }));
  });
});
