{# The last day to fetch: yesterday in UTC, which has begun in every project. --vars can give another. #}
{% macro last_day() -%}
  {{ var('to_date', (run_started_at - modules.datetime.timedelta(days=1)).strftime('%Y-%m-%d')) }}
{%- endmacro %}
