/**
 * Distances of vectors as modules.
 */
import { cosine_similarity, pairwise_distance } from "../ops/distance.ts";
import type { Tensor } from "../tensor.ts";
import { constructorOf, type Given } from "./arguments.ts";
import { Module } from "./module.ts";

const readPairwiseDistance = constructorOf<{ p: number; eps: number; keepdim: boolean }>("PairwiseDistance", [], { p: 2, eps: 1e-6, keepdim: false });

/** The norms of differences of rows. */
export class PairwiseDistance extends Module {
  /** The norm. */
  norm: number;
  /** Added to differences. */
  eps: number;
  /** Whether the last dimension stays, with size 1. */
  keepdim: boolean;

  /** Takes `p` (2), `eps` (1e-6), `keepdim` (false). */
  constructor(...args: (number | boolean | { p?: number; eps?: number; keepdim?: boolean })[]) {
    super();
    const { p, eps, keepdim } = readPairwiseDistance(args);
    this.norm = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  /** (batch, size) twice to (batch). */
  override forward(x1: Tensor, x2: Tensor): Tensor {
    return pairwise_distance(x1, x2, this.norm, this.eps, this.keepdim);
  }
}

const readCosineSimilarity = constructorOf<{ dim: number; eps: number }>("CosineSimilarity", [], { dim: 1, eps: 1e-8 });

/** The cosines of the angles between vectors. */
export class CosineSimilarity extends Module {
  /** The dimension along which they lie. */
  dim: number;
  /** The least product of lengths. */
  eps: number;

  /** Takes `dim` (1), `eps` (1e-8). */
  constructor(...args: Given<CosineSimilarity, "dim" | "eps">) {
    super();
    const { dim, eps } = readCosineSimilarity(args);
    this.dim = dim;
    this.eps = eps;
  }

  /** Tensors of one shape to one without `dim`. */
  override forward(x1: Tensor, x2: Tensor): Tensor {
    return cosine_similarity(x1, x2, this.dim, this.eps);
  }
}
