// Whatever strangers send to a peer, it throws nothing, its friends get their answers, and nothing is left.
import { PEER } from "./peer_trial.ts";

Deno.test("strangers do what they like, and friends are served", () => PEER.check(400));
