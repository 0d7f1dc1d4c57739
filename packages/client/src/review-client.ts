/** Reviews, as functions over the HTTP API: what somebody has to look at afterwards, and signing it off. */
import type { ReviewQuery } from '@countersign/contracts/http';
import type { ReviewPage, ReviewView, Signing } from '@countersign/contracts/review';
import { type ClientOptions, type Outgoing, sendForJson } from './send-request.ts';

export type ReviewClient = {
  reviews(query?: ReviewQuery): Promise<ReviewPage>;
  review(review_id: string): Promise<ReviewView>;
  /** A finding needs a reason. */
  signReview(review_id: string, signing: Signing): Promise<ReviewView>;
};

export function reviewClient(options: ClientOptions): ReviewClient {
  const at = (review_id: string): string => `/reviews/${encodeURIComponent(review_id)}`;
  return {
    reviews: (query = {}) =>
      sendForJson(options, { method: 'GET', path: '/reviews', query: query as NonNullable<Outgoing['query']> }),
    review: (review_id) => sendForJson(options, { method: 'GET', path: at(review_id) }),
    signReview: (review_id, signing) =>
      sendForJson(options, { method: 'POST', path: `${at(review_id)}/sign`, body: signing }),
  };
}
