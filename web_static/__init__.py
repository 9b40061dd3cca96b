"""The browser side: ES modules, style and pages, served by the portal."""
