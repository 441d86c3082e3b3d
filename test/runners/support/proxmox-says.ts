/* What the programs of a Proxmox host say, as the lab's first host has said it; fewer volumes, and a real one's `pct list` and jobs beside it. */

export const lsblk = `{
   "blockdevices": [
      {
         "name": "ubda",
         "path": "/dev/ubda",
         "type": "disk",
         "size": 17179869184,
         "rota": false,
         "tran": null
      },{
         "name": "ubdb",
         "path": "/dev/ubdb",
         "type": "disk",
         "size": 34359738368,
         "rota": false,
         "tran": null,
         "children": [
            {
               "name": "pve-data_tdata",
               "path": "/dev/mapper/pve-data_tdata",
               "type": "lvm",
               "size": 30781997056,
               "rota": false,
               "tran": null,
               "children": [
                  {
                     "name": "pve-data-tpool",
                     "path": "/dev/mapper/pve-data-tpool",
                     "type": "lvm",
                     "size": 30781997056,
                     "rota": false,
                     "tran": null
                  }
               ]
            }
         ]
      },{
         "name": "ubdc",
         "path": "/dev/ubdc",
         "type": "disk",
         "size": 34359738368,
         "rota": true,
         "tran": "sata"
      },{
         "name": "ubde",
         "path": "/dev/ubde",
         "type": "disk",
         "size": 68719476736,
         "rota": true,
         "tran": "usb"
      },{
         "name": "sr0",
         "path": "/dev/sr0",
         "type": "rom",
         "size": 1073741312,
         "rota": true,
         "tran": "ata"
      }
   ]
}`;

export const findmnt = `{
   "filesystems": [
      {
         "target": "/",
         "source": "/dev/ubda",
         "fstype": "ext4",
         "uuid": "6d903a6f-ab00-4f07-b945-51f9518b4567",
         "size": 16729894912,
         "used": 605417472
      },{
         "target": "/srv/nfs",
         "source": "/dev/ubdc",
         "fstype": "ext4",
         "uuid": "f4b9c56c-51ef-4ac6-aa5f-a5cb50e68f85",
         "size": 33501757440,
         "used": 81342464
      },{
         "target": "/mnt/backup",
         "source": "/dev/ubde",
         "fstype": "ext4",
         "uuid": "7e671008-1021-4d13-a262-f134253beeca",
         "size": 67049664512,
         "used": 106496
      },{
         "target": "/boot/efi",
         "source": "/dev/ubda",
         "fstype": "vfat",
         "uuid": "3B2C-18A4",
         "size": 535805952,
         "used": 9142272
      }
   ]
}`;

export const lvs = `  {
      "report": [
          {
              "lv": [
                  {"vg_name":"pve", "lv_name":"data", "pool_lv":"", "lv_attr":"twi-aotz--", "lv_size":"30781997056", "data_percent":"0.86", "metadata_percent":"10.45", "lv_metadata_size":"67108864"},
                  {"vg_name":"pve", "lv_name":"vm-101-disk-0", "pool_lv":"data", "lv_attr":"Vwi-a-tz--", "lv_size":"16777216", "data_percent":"9.77", "metadata_percent":"", "lv_metadata_size":""},
                  {"vg_name":"pve", "lv_name":"vm-9999-pvc-00000000-0000-4000-8000-000000000001", "pool_lv":"data", "lv_attr":"Vwi-a-tz--", "lv_size":"67108864", "data_percent":"8.11", "metadata_percent":"", "lv_metadata_size":""},
                  {"vg_name":"pve", "lv_name":"vm-9999-pvc-00000000-0000-4000-8000-000000000001_snap_20261129T202502Z", "pool_lv":"data", "lv_attr":"Vwi---tz-k", "lv_size":"67108864", "data_percent":"", "metadata_percent":"", "lv_metadata_size":""},
                  {"vg_name":"pve", "lv_name":"vm-9999-pvc-00000000-0000-4000-8000-000000000022", "pool_lv":"data", "lv_attr":"Vwi-a-tz--", "lv_size":"67108864", "data_percent":"7.52", "metadata_percent":"", "lv_metadata_size":""},
                  {"vg_name":"pve", "lv_name":"vm-9999-pvc-00000000-0000-4000-8000-000000000090", "pool_lv":"data", "lv_attr":"Vwi-a-tz--", "lv_size":"67108864", "data_percent":"7.71", "metadata_percent":"", "lv_metadata_size":""}
              ]
          }
      ]
  }`;

export const pvs = `  {
      "report": [
          {
              "pv": [
                  {"pv_name":"/dev/ubdb", "vg_name":"pve"}
              ]
          }
      ]
  }`;

export const qm = `      VMID NAME                 STATUS     MEM(MB)    BOOTDISK(GB) PID       
       101 k8s-1                stopped    2048               0.00 0         `;

export const pct = `VMID       Status     Lock         Name                
105        running                 mail`;

export const timers = `Unit=nfs-mirror.service
TimersCalendar={ OnCalendar=*-*-* *:00/2:00 UTC ; next_elapse=Sun 2026-11-29 20:26:00 UTC }
Id=nfs-mirror.timer

Unit=systemd-tmpfiles-clean.service
Id=systemd-tmpfiles-clean.timer`;
