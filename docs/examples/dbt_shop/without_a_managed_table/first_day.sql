{# The first day: at first all days, later the newest that the model has, and lookback_days before it. #}
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
