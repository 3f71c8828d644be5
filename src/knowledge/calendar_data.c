/* Generated from knowledge/eks-calendar.tsv by scripts/knowledge/generate.py. */
#include "knowledge/calendar.h"

const struct eks_release knowledge_releases[] = {
	{"1.10", 10, {NULL, 0}, {"2018-06-05", 1528156800000}, {"2019-07-22", 1563753600000}, {NULL, 0}, "awsdocs archived doc-history.md (EKS initial release; deprecation notice)", "Amazon EKS went GA with 1.10"},
	{"1.11", 11, {NULL, 0}, {NULL, 0}, {"2019-11-04", 1572825600000}, {NULL, 0}, "awsdocs archived doc-history.md and kubernetes-versions.md of 2019-10", "EKS release around December 2018 (cluster update topic); no exact line found"},
	{"1.12", 12, {NULL, 0}, {"2019-03-28", 1553731200000}, {"2020-05-11", 1589155200000}, {NULL, 0}, "awsdocs archived doc-history.md and kubernetes-versions.md of 2020-04", NULL},
	{"1.13", 13, {NULL, 0}, {"2019-06-18", 1560816000000}, {"2020-06-30", 1593475200000}, {NULL, 0}, "awsdocs archived doc-history.md and kubernetes-versions.md afe1557a", NULL},
	{"1.14", 14, {"2019-03-25", 1553472000000}, {"2019-09-04", 1567555200000}, {"2020-12-08", 1607385600000}, {NULL, 0}, "awsdocs archived 88684548", NULL},
	{"1.15", 15, {"2019-06-19", 1560902400000}, {"2020-03-10", 1583798400000}, {"2021-05-03", 1620000000000}, {NULL, 0}, "awsdocs archived 21e43027", NULL},
	{"1.16", 16, {"2019-09-18", 1568764800000}, {"2020-04-30", 1588204800000}, {"2021-09-27", 1632700800000}, {NULL, 0}, "awsdocs archived 8caa48f8", "the docs table says September 8, 2019 for upstream; its own release link says 2019-09-18"},
	{"1.17", 17, {"2019-12-09", 1575849600000}, {"2020-07-10", 1594339200000}, {"2021-11-02", 1635811200000}, {NULL, 0}, "awsdocs archived b3aab2fa", NULL},
	{"1.18", 18, {"2020-03-25", 1585094400000}, {"2020-10-13", 1602547200000}, {"2022-03-31", 1648684800000}, {NULL, 0}, "awsdocs archived efa355ad; upstream date endoflife.date", "the docs table says March 23, 2020 upstream; endoflife.date gives EKS end 2022-08-15 (fixes went on until then)"},
	{"1.19", 19, {"2020-08-26", 1598400000000}, {"2021-02-16", 1613433600000}, {"2022-08-01", 1659312000000}, {NULL, 0}, "awsdocs archived 939c7bf0", NULL},
	{"1.20", 20, {"2020-12-08", 1607385600000}, {"2021-05-18", 1621296000000}, {"2022-11-01", 1667260800000}, {NULL, 0}, "awsdocs archived cb60bb7b", NULL},
	{"1.21", 21, {"2021-04-08", 1617840000000}, {"2021-07-19", 1626652800000}, {"2023-02-16", 1676505600000}, {"2024-07-15", 1721001600000}, "awsdocs archived 30d8cf0a", "earlier docs gave 2023-02-15"},
	{"1.22", 22, {"2021-08-04", 1628035200000}, {"2022-04-04", 1649030400000}, {"2023-06-04", 1685836800000}, {"2024-09-01", 1725148800000}, "awsdocs archived 30d8cf0a", NULL},
	{"1.23", 23, {"2021-12-07", 1638835200000}, {"2022-08-11", 1660176000000}, {"2023-10-11", 1696982400000}, {"2024-10-11", 1728604800000}, "awsdocs archived 96b802f8", NULL},
	{"1.24", 24, {"2022-05-03", 1651536000000}, {"2022-11-15", 1668470400000}, {"2024-01-31", 1706659200000}, {"2025-01-31", 1738281600000}, "awsdocs archived 96b802f8", NULL},
	{"1.25", 25, {"2022-08-23", 1661212800000}, {"2023-02-22", 1677024000000}, {"2024-05-01", 1714521600000}, {"2025-05-01", 1746057600000}, "awsdocs archived 96b802f8", "endoflife.date gives release 2023-02-21"},
	{"1.26", 26, {"2022-12-09", 1670544000000}, {"2023-04-11", 1681171200000}, {"2024-06-11", 1718064000000}, {"2025-06-11", 1749600000000}, "awsdocs archived 96b802f8", "endoflife.date (kubernetes) gives upstream 2022-12-08"},
	{"1.27", 27, {"2023-04-11", 1681171200000}, {"2023-05-24", 1684886400000}, {"2024-07-24", 1721779200000}, {"2025-07-24", 1753315200000}, "awsdocs archived 96b802f8", NULL},
	{"1.28", 28, {"2023-08-15", 1692057600000}, {"2023-09-26", 1695686400000}, {"2024-11-26", 1732579200000}, {"2025-11-26", 1764115200000}, "awsdocs archived 96b802f8", NULL},
	{"1.29", 29, {"2023-12-13", 1702425600000}, {"2024-01-23", 1705968000000}, {"2025-03-23", 1742688000000}, {"2026-03-23", 1774224000000}, "awsdocs latest/ug/versioning/kubernetes-versions.adoc 01385604", NULL},
	{"1.30", 30, {"2024-04-17", 1713312000000}, {"2024-05-23", 1716422400000}, {"2025-07-23", 1753228800000}, {"2026-07-23", 1784764800000}, "awsdocs latest/ug/versioning/kubernetes-versions.adoc 01385604", NULL},
	{"1.31", 31, {"2024-08-13", 1723507200000}, {"2024-09-26", 1727308800000}, {"2025-11-26", 1764115200000}, {"2026-11-26", 1795651200000}, "awsdocs latest/ug/versioning/kubernetes-versions.adoc 01385604", NULL},
	{"1.32", 32, {"2024-12-11", 1733875200000}, {"2025-01-23", 1737590400000}, {"2026-03-23", 1774224000000}, {"2027-03-23", 1805760000000}, "awsdocs latest/ug/versioning/kubernetes-versions.adoc 01385604", "endoflife.date gives release 2025-01-25"},
	{"1.33", 33, {"2025-04-23", 1745366400000}, {"2025-05-29", 1748476800000}, {"2026-07-29", 1785283200000}, {"2027-07-29", 1816819200000}, "awsdocs latest/ug/versioning/kubernetes-versions.adoc 01385604", "endoflife.date gives release 2025-05-28"},
	{"1.34", 34, {"2025-08-27", 1756252800000}, {"2025-10-02", 1759363200000}, {"2026-12-02", 1796169600000}, {"2027-12-02", 1827705600000}, "awsdocs latest/ug/versioning/kubernetes-versions.adoc 01385604", "endoflife.date gives release 2025-10-06"},
	{"1.35", 35, {"2025-12-17", 1765929600000}, {"2026-01-27", 1769472000000}, {"2027-03-27", 1806105600000}, {"2028-03-27", 1837728000000}, "endoflife.date products/amazon-eks.md (2026-08-22); aws-samples/sample-apex-skills cluster-lifecycle (2026-04-24)", "release day set 14 months before the end of standard support, endoflife.date gives 2026-01-28"},
	{"1.36", 36, {"2026-04-22", 1776816000000}, {"2026-06-02", 1780358400000}, {"2027-08-02", 1817164800000}, {"2028-08-02", 1848787200000}, "endoflife.date products/amazon-eks.md (2026-08-22); devopsdreams article (2026-08-16)", "no AWS page with this table in the stored copies"},
	{"1.37", 37, {"2026-08-26", 1787702400000}, {NULL, 0}, {NULL, 0}, {NULL, 0}, "kubernetes.io release announcement 2026-08-26 (quoted in aws/containers-roadmap#2864); k8s.io/api v0.37.2", "released upstream; EKS day not in the newest stored data (request open 2026-08-28; eksup 0.15.1 lists 1.37)"},
};
const size_t knowledge_n_releases = sizeof knowledge_releases / sizeof knowledge_releases[0];
