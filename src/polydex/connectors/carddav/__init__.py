"""CardDAV (RFC 6352) address books: any server, with presets for iCloud, Fastmail and Nextcloud."""
