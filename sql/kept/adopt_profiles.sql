-- When Mixpanel was asked. Nothing hangs on it: a sync reads all profiles.
SET VARIABLE {{own}}_asked = coalesce({{asked_at}}, (SELECT max(fetched_at) FROM {{own}}_library), (SELECT least(max(last_seen), {{now}}) FROM {{table}}));
