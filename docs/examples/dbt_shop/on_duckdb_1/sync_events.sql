{# For DuckDB 1.x, whose extensions have no pragmas. Runs the script that the pragma becomes on 2.x. #}
{% macro sync_events(table) %}
  {% if execute %}
    {% set script %}
      SELECT sql FROM mixpanel_fetch_sql(
        '{{ table }}', sync := true, from_date := '{{ var("from_date") }}', to_date := '{{ last_day() }}', lookback_days := {{ var("lookback_days") }})
    {% endset %}
    {{ run_query(script).columns[0].values()[0] }}
  {% endif %}
{% endmacro %}
