/** This module as bench/peers.ts measures it. */
import { manual_seed } from "../../mod.ts";
import { workloads } from "../workloads.ts";
import { serve } from "./serve.ts";

manual_seed(0);
await serve("Gradus", workloads);
