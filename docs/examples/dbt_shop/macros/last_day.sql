{# The last day to ask Mixpanel for: yesterday in UTC, which is over or has at least begun in every project, or the one that --vars gives. #}
{% macro last_day() -%}
  {{ var('to_date', (run_started_at - modules.datetime.timedelta(days=1)).strftime('%Y-%m-%d')) }}
{%- endmacro %}
