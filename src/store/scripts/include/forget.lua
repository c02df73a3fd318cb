-- Takes back a string that was not there before. Who may SET need not be allowed to DEL: then it ends
-- with this millisecond, and until then it is empty, which reads as missing.

local function forget(key)
  if refused(pcall('DEL', key)) then
    redis.call('SET', key, '', 'PX', 1)
  end
end
