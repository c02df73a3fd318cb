-- Scripts never roll back, and still each of them does all or nothing. The first write meets the checks
-- that all writes share: role, memory, the state of the disk. A later one can only be refused for its
-- own key or command, and then those before it are taken back, by commands that this user has just been
-- permitted on the very same keys.

-- Takes back a string that was not there before. Who may SET need not be allowed to DEL: then it ends
-- with this millisecond, and until then it is empty, which reads as missing.
local function forget(key)
  if refused(pcall('DEL', key)) then
    redis.call('SET', key, '', 'PX', 1)
  end
end
