/**
 * What fits a `Connection`, and what does not. The compiler is the test: nothing here runs, though the runner loads the file.
 *
 * Hardhat 2 and ethers v5 are not installed; their providers are written down as their own declarations have them.
 */
import type { HardhatEthersProvider } from "@nomicfoundation/hardhat-ethers/types";
import type { ethers } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { Chain, EIP1193Provider as ViemProvider, PublicClient, TestClient, Transport, WalletClient } from "viem";

import type { BlockId, Connection, prove, Request } from "../../src/index.js";

interface Hardhat2Provider {
  request(args: { readonly method: string; readonly params?: readonly unknown[] | object }): Promise<unknown>;
  send(method: string, params?: any[]): Promise<any>; // oxlint-disable-line typescript/no-explicit-any
}

interface Ethers5Provider {
  send(method: string, params: any[]): Promise<any>; // oxlint-disable-line typescript/no-explicit-any
}

type Good = {
  request: Request;
  wallet: ethers.Eip1193Provider;
  viemProvider: ViemProvider;
  hardhat3: NetworkConnection["provider"];
  hardhat2: Hardhat2Provider;
  hardhatEthers: HardhatEthersProvider;
  publicClient: PublicClient;
  walletClient: WalletClient;
  testClient: TestClient;
  transport: PublicClient["transport"];
  jsonRpc: ethers.JsonRpcProvider;
  webSocket: ethers.WebSocketProvider;
  browser: ethers.BrowserProvider;
  infura: ethers.InfuraProvider;
  signersProvider: ethers.JsonRpcSigner["provider"];
  ethers5: Ethers5Provider;
};
interface Bad {
  url: string;
  urlObject: URL;
  none: undefined;
  nothing: null;
  number: number;
  empty: Record<never, never>;
  signer: ethers.Signer;
  wallet: ethers.Wallet;
  fallback: ethers.FallbackProvider;
  network: ethers.Network;
  chain: Chain;
  promise: Promise<ethers.JsonRpcProvider>;
  maker: Transport;
}

/** Never called. */
export function compiled(good: Good, bad: Bad, hash: string, address: string): unknown {
  good satisfies Record<string, Connection>;

  // An arrow function needs no annotation.
  const inline: Connection = ({ method, params }) => good.request({ method, params: [...(params ?? [])] });

  const refused: Connection[] = [
    // @ts-expect-error a URL as text
    bad.url,
    // @ts-expect-error a URL as an object
    bad.urlObject,
    // @ts-expect-error nothing at all
    bad.none,
    // @ts-expect-error nothing, in JSON
    bad.nothing,
    // @ts-expect-error a number, of a port perhaps
    bad.number,
    // @ts-expect-error an empty object
    bad.empty,
    // @ts-expect-error a signer, not its provider
    bad.signer,
    // @ts-expect-error a signer, not its provider
    bad.wallet,
    // @ts-expect-error several endpoints
    bad.fallback,
    // @ts-expect-error a chain's description
    bad.network,
    // @ts-expect-error a chain's description
    bad.chain,
    // @ts-expect-error a promise of a provider
    bad.promise,
    // @ts-expect-error viem's http(url), not yet a transport
    bad.maker,
  ];

  // F10: addresses, hashes and slots are plain strings where clients have them so.
  ({ anchor: { number: 1n, hash }, account: address, slots: [hash, 7n, 7] }) satisfies Parameters<typeof prove>[1];
  ({ anchor: { number: 1n, hash, stateRoot: hash }, account: address }) satisfies Parameters<typeof prove>[1];
  [1n, 1, { number: 1 }, { hash }, { number: 1n, hash }, "latest"] satisfies BlockId[];
  return [inline, refused];
}
