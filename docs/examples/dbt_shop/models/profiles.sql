SELECT distinct_id, "$name" AS name, plan, last_seen
FROM mixpanel_profiles(output_properties := ['$name', 'plan'], columns := {'$name': 'VARCHAR', 'plan': 'VARCHAR'})
