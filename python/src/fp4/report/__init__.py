"""What quantization did to layers: errors, scales and codes, as a table and as a page of plots."""

from fp4.report.report import Report, report
from fp4.report.statistics import LayerStatistics

__all__ = ["LayerStatistics", "Report", "report"]
