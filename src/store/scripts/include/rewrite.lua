-- Ends `record`, which is stored under `key`, on `tail` from position `at` on. What stands in front of it
-- goes neither through Lua, which hashes every byte of every string, nor to replicas and the AOF.
-- Returns the server's answer, which may be a refusal: then nothing has changed.

local function rewrite(key, record, at, tail)
  if at > 1 and at - 1 + #tail >= #record then
    local reply = pcall('SETRANGE', key, at - 1, tail)
    if not refused(reply) then
      -- SETRANGE allocates twice of what is needed; this copies the string to where it just fits.
      pcall('BITOP', 'OR', key, key)
      return reply
    end
  end
  return pcall('SET', key, string.sub(record, 1, at - 1) .. tail)
end
