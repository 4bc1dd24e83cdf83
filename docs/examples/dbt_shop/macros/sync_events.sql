{# Fetches the days that the table lacks, and the latest days again, because phones send events up to five days late. #}
{% macro sync_events(table) %}
  PRAGMA mixpanel_sync_events(
    '{{ table }}', from_date = '{{ var("from_date") }}', to_date = '{{ last_day() }}', lookback_days = {{ var("lookback_days") }})
{% endmacro %}
