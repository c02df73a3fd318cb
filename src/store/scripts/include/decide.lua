-- Writes a decision: the record, its place in the status indexes, and the marker of the winner
-- where one is given. All or nothing; returns nil or the server's refusal.
-- `keys`: record, pending, resolved, marker, and the namespace's pending and resolved.

local function decide(keys, id, record, score, marker, marker_is_there, ttl)
  local writes = {
    rehearse_zadd(keys.resolved, id),
    rehearse_zadd(keys.namespace_resolved, id),
    rehearse_set(keys.record, true),
    rehearse_zrem(keys.pending),
    rehearse_zrem(keys.namespace_pending),
  }
  if marker then
    writes[#writes + 1] = rehearse_set(keys.marker, marker_is_there)
  end
  local refusal = rehearse(writes)
  if refusal then
    return refusal
  end
  redis.call('SET', keys.record, record)
  if marker then
    redis.call('SET', keys.marker, marker, 'PX', ttl)
  end
  redis.call('ZREM', keys.pending, id)
  redis.call('ZADD', keys.resolved, score, id)
  redis.call('ZREM', keys.namespace_pending, id)
  redis.call('ZADD', keys.namespace_resolved, score, id)
end
