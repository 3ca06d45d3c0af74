import { quorum, type Connection } from "settlement-guard";

import { HEADERS_VARIABLE, readEndpoint, RPC_VARIABLE, type Endpoint, type EndpointOptions } from "./endpoint.js";
import { unusable } from "./errors.js";
import { jsonRpc } from "./jsonRpc.js";

/** As {@link EndpointOptions}, of several endpoints. */
export interface EndpointsOptions extends Omit<EndpointOptions, "rpc"> {
  rpc?: readonly string[];
}

/** What a quorum asks of one endpoint for one answer, at the most: a tag, then by its height. And the head once more. */
const ANSWERS = 3;

/**
 * Makes one connection of the endpoints that were given: a quorum where there are several.
 *
 * @returns the connection, and how long to wait for one answer of it, in milliseconds
 * @throws UNUSABLE_INPUT, in which nothing of what was given is repeated
 */
export function connect(
  options: EndpointsOptions,
  environment: NodeJS.ProcessEnv = process.env,
): { connection: Connection; timeout: number } {
  const endpoints = readEndpoints(options, environment);
  const [first] = endpoints as [Endpoint];
  if (endpoints.length === 1) return { connection: jsonRpc(first), timeout: first.timeout };
  const { timeout } = first;
  return { connection: quorum(endpoints.map(jsonRpc), { timeout }), timeout: ANSWERS * timeout };
}

function readEndpoints(options: EndpointsOptions, environment: NodeJS.ProcessEnv): Endpoint[] {
  const inEnvironment = (environment[RPC_VARIABLE] ?? "").split(/\s+/).filter((url) => url !== "");
  const [first = "", ...others] = options.rpc ?? inEnvironment;
  const urls = [first, ...others];
  const hasHeaders = options.header !== undefined || (environment[HEADERS_VARIABLE] ?? "").trim() !== "";
  if (urls.length > 1 && hasHeaders)
    throw unusable(
      "--header",
      "it would go to every endpoint",
      "put each endpoint's user, password or key into its URL",
    );
  const endpoints = urls.map((rpc) => readEndpoint({ ...options, rpc }, environment));
  if (new Set(endpoints.map(({ url }) => url)).size < urls.length)
    throw unusable("--rpc", "one endpoint is given twice", "it would agree with itself: give others, or one");
  return endpoints;
}
