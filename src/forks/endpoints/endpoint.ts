import { toRequest, type Eip1193Provider, type Request } from "../../rpc/request.js";
import { BLOCK_PARAMETERS } from "../../rpc/quorum.js";
import { clientError } from "../backend.js";
import { behind, BLOCK_AT, nameOf } from "./behind.js";
import { bent } from "./bend.js";
import { checkLies, type Lies } from "./lies.js";
import { settled, type Reply, type Way } from "./reply.js";
import { serveOnLoopback, type Loopback } from "./server.js";
import { GATEWAYS, missingMethod, wordsOf } from "./wordings.js";

/** What a process that finds the port may not do: mine, sign, and change the chain past its rules. */
const SERVED = /^(?:eth_(?!sendTransaction|sign)|net_|web3_)/;

/**
 * One endpoint to a chain, which lies as it is told. It is a connection for whatever takes one, and can be served over HTTP.
 *
 * {@link SimulatedChain.rpc} makes one. Made by itself it lies about any chain that has a `request`: anvil's, Hardhat 2's.
 *
 * @example
 * const liar = new Endpoint(provider, "liar", { wrongProof: "node" });
 * await prove(liar, { anchor: "latest", account: vault, slots: [0n] }); // PROOF_INVALID
 */
export class Endpoint {
  readonly name: string;
  /** EIP-1193. May be passed around without its endpoint. */
  readonly request: Request = async (args) => settled(await this.#reply(args));

  readonly #source: Request;
  #lies: Lies = {};
  #asked = 0;

  /** @throws FORK_SIMULATOR for what is no lie */
  constructor(source: Pick<Eip1193Provider, "request">, name = "endpoint", lies: Lies = {}) {
    this.#source = toRequest(source);
    this.name = name;
    this.lies = lies;
  }

  /** What it does with the next request. */
  get lies(): Lies {
    return this.#lies;
  }

  /** From the next request on it lies so, and flaps from the beginning. `{}` heals it. */
  set lies(lies: Lies) {
    this.#lies = checkLies(lies);
    this.#asked = 0;
  }

  /**
   * Serves it over HTTP on 127.0.0.1, for command lines, keepers and other languages. What {@link Endpoint.lies} says at
   * a time holds there as well.
   *
   * Signed transactions are taken. What would mine, or sign by the chain's own accounts, is refused.
   */
  serve(): Promise<Loopback> {
    return serveOnLoopback(async (call) =>
      SERVED.test(call.method) ? this.#reply(call) : { body: { error: missingMethod(call.method) } },
    );
  }

  async #reply(args: Parameters<Request>[0]): Promise<Reply> {
    const lies = this.#liesAbout(args.method);
    const way = wayOf(lies);
    if (lies.gatewayError !== undefined) return { body: GATEWAYS[lies.gatewayError], way };
    try {
      const error = refusalOf(args, lies);
      if (error !== undefined) throw error;
      const source = lies.onBranch === undefined ? this.#source : toRequest(lies.onBranch);
      const request = lies.lag === undefined ? source : behind(source, lies.lag, lies.client ?? "geth");
      const result = (await bent(await request(args), { args, lies, request })) ?? null;
      return { body: lies.missingResult === "result" ? {} : { result }, way };
    } catch (error) {
      return { body: { error }, way };
    }
  }

  #liesAbout(method: string): Lies {
    const { only, flap = false } = this.#lies;
    if (only?.includes(method) === false) return {};
    const period = Number(flap);
    const turn = this.#asked++;
    return period > 0 && Math.floor(turn / period) % 2 === 0 ? {} : this.#lies;
  }
}

function wayOf({ slow, truncate, closes, huge }: Lies): Way {
  const cut = truncate === "body" ? "text" : closes;
  return {
    ...(slow === undefined ? {} : { slow }),
    ...(cut === undefined ? {} : { cut }),
    ...(huge === undefined || typeof huge === "number" ? {} : { huge }),
  };
}

/** What is said in the place of an answer, where the lie is a refusal of this request. */
function refusalOf(
  { method, params = [] }: Parameters<Request>[0],
  { refuses, client = "geth" }: Lies,
): Error | undefined {
  const which = params[BLOCK_AT[method] ?? -1];
  const say = (situation: Parameters<typeof wordsOf>[1]): Error => {
    const { code, words } = wordsOf(client, situation, nameOf(which));
    return clientError(words, { code });
  };
  const isState = method === "eth_getProof" || Object.hasOwn(BLOCK_PARAMETERS, method);
  const isByHash = isState && typeof which === "object";
  switch (refuses) {
    case "block":
      return method.startsWith("eth_getBlockBy") ? say("block") : undefined;
    case "tag":
      return which === "safe" || which === "finalized" ? say("tag") : undefined;
    case "state":
      return isState ? say("state") : undefined;
    case "canonical":
      return isByHash ? say("canonical") : undefined;
    case "hash":
      return isByHash
        ? clientError("json: cannot unmarshal object into Go value of type string", { code: -32602 })
        : undefined;
    case "method":
      return missingMethod(method);
    default:
      return undefined;
  }
}
