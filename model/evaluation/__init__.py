"""The paper's metrics, tables and figures."""
