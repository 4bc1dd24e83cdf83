{# The first day to fetch: from_date in the first run. Later, lookback_days before the newest day that the model has. #}
{% macro first_day() -%}
  {%- if execute and is_incremental() -%}
    {%- set from_date, to_date = "DATE '" ~ var('from_date') ~ "'", "DATE '" ~ last_day() ~ "'" -%}
    {%- set newest = "least(coalesce(max(day), " ~ from_date ~ "), " ~ to_date ~ ")" -%}
    {%- set first = "greatest(" ~ newest ~ " - " ~ var('lookback_days') ~ ", " ~ from_date ~ ")" -%}
    {{ run_query("SELECT " ~ first ~ " FROM " ~ this).columns[0].values()[0] }}
  {%- else -%}
    {{ var('from_date') }}
  {%- endif -%}
{%- endmacro %}
