-- Revision 1. What is used of limits.

-- What is used of limits at this moment, and what runs, for whoever explains a decision. It locks nothing and binds nothing.
CREATE OR REPLACE FUNCTION scheduler.limit_used(keys text[], counts text[], within_ms bigint[]) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(CASE k.counts WHEN 'open' THEN (
           SELECT count(*)::text FROM scheduler.limit_open o
            CROSS JOIN LATERAL (SELECT state FROM scheduler.jobs WHERE tenant = o.tenant AND job_id = o.job_id OFFSET 0) j
            WHERE o.key = k.key AND j.state IN ('parked', 'held', 'cleared', 'dispatched', 'running'))
         WHEN 'running' THEN (
           SELECT count(*)::text FROM scheduler.running_jobs r
            CROSS JOIN LATERAL (SELECT state, attempt FROM scheduler.jobs WHERE tenant = r.tenant AND job_id = r.job_id OFFSET 0) j
            WHERE r.key = k.key AND j.state IN ('dispatched', 'running') AND j.attempt = r.attempt)
         ELSE (SELECT coalesce(sum(u.used), 0)::text FROM scheduler.limit_uses u
                WHERE u.key = k.key AND u.ends_at > clock_timestamp() - k.within_ms * interval '1 millisecond') END ORDER BY k.place)
    FROM unnest(keys, counts, within_ms) WITH ORDINALITY AS k (key, counts, within_ms, place)
$$;
