-- Writes a decision: the marker of the winner where one is given, the place in the status indexes, and
-- the record, which gets `tail` from position `at` on. All or nothing; returns nil or the server's refusal.
-- KEYS begin with record, pending, resolved and marker. Two things must be known: that there is no marker
-- that counts, and that this user may ZADD on the pending ones.

local function decide(id, record, at, tail, score, marker, life, namespace_pending, namespace_resolved)
  local marked = marker and write('SET', KEYS[4], marker, 'PX', life)
  local left = write('ZREM', KEYS[2], id)
  local joined = write('ZADD', KEYS[3], score, id)
  local left_namespace = write('ZREM', namespace_pending, id)
  local joined_namespace = write('ZADD', namespace_resolved, score, id)
  if not refusal then
    local written = rewrite(KEYS[1], record, at, tail)
    refusal = refused(written) and written or nil
  end
  if not refusal then
    return nil
  end

  if joined_namespace == 1 then
    redis.call('ZREM', namespace_resolved, id)
  end
  if left_namespace == 1 then
    redis.call('ZADD', namespace_pending, score, id)
  end
  if joined == 1 then
    redis.call('ZREM', KEYS[3], id)
  end
  if left == 1 then
    redis.call('ZADD', KEYS[2], score, id)
  end
  if marked then
    forget(KEYS[4])
  end
  return refusal
end
